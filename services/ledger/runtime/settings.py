"""What ledger alone can be told."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import SettingsConfigDict

from services.ledger.receivables.domain.aging import checked_edges, checked_thresholds
from shared.platform.hosting.settings import Numbers, ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="DUEBOOK_LEDGER_")

    thresholds: Annotated[Numbers, AfterValidator(checked_thresholds)] = Field(
        default=(-3, 1, 30, 60, 90), description="Days past due an invoice reaches, each told once."
    )
    aging_edges: Annotated[Numbers, AfterValidator(checked_edges)] = Field(
        default=(30, 60, 90), description="Last day past due of each bucket of the aging report."
    )
