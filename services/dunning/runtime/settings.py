"""What dunning alone can be told."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.platform.hosting.settings import PlatformSettings, ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="DUEBOOK_DUNNING_")

    mail_folder: Path | None = Field(
        default=None, description="Maildir for e-mails and letters; default: mail in DUEBOOK_DATA."
    )
    ledger_url: str | None = Field(
        default=None, description="Where ledger answers; default: /ledger at our own address."
    )
    sender: str = Field(
        default="Accounts receivable <receivables@duebook.invalid>",
        description="Who e-mails and letters are from.",
    )
    payment_instructions: str = Field(
        default="请付至发票所载账户。\nPlease pay to the account named on the invoice.",
        description="How to pay, as notices say it: bank, account, reference.",
    )
    contact: str = Field(
        default="应收账款部 / Accounts receivable",
        description="Whom to call, as notices say it: name, phone.",
    )

    def beside(self, platform: PlatformSettings) -> Self:
        """These, with the defaults that follow from where the process runs."""
        folder = self.mail_folder or (platform.data or Path()) / "mail"
        url = self.ledger_url or f"http://{platform.host}:{platform.port}/ledger"
        return self.model_copy(update={"mail_folder": folder, "ledger_url": url})

    @property
    def mail(self) -> Path:
        """The folder, once `beside` has decided it."""
        assert self.mail_folder is not None
        return self.mail_folder

    @property
    def ledger(self) -> str:
        """The address, once `beside` has decided it."""
        assert self.ledger_url is not None
        return self.ledger_url
