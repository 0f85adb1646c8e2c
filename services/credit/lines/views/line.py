"""What an account may owe, and what it owes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from services.credit.lines.domain.credit_line.state import Limited, State
from shared.kernel.money import Money
from shared.platform.http.views import View, said

MONEY: Final = {"amount": "50000.00", "currency": "CNY"}
ID: Final = "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11"


class CreditLineView(View, frozen=True, kw_only=True):
    """The limit of an account."""

    account_id: Annotated[UUID, said("Whose it is.", ID)]
    version: Annotated[int, said("Its present version, as in the ETag; 0: never set.", 1)]
    legal_entity: Annotated[str, said("Code of the legal entity.", "CN01")]
    account_number: Annotated[str, said("The account's number.", "C-1001")]
    limit: Annotated[Money | None, said("Null: none is set.", MONEY)]


class ExposureView(View, frozen=True, kw_only=True):
    """What an account owes in all at the end of a day, and what it still may."""

    account_id: Annotated[UUID, said("Whose it is.", ID)]
    legal_entity: Annotated[str, said("Code of the legal entity.", "CN01")]
    account_number: Annotated[str, said("The account's number.", "C-1001")]
    as_of: Annotated[date, said("The day asked about, or the account's today.", "2026-03-14")]
    exposure: Annotated[Money, said("Open items less unallocated money.", MONEY)]
    limit: Annotated[Money | None, said("Of that day; null: none was set.", MONEY)]
    available: Annotated[Money | None, said("The limit less the exposure.", MONEY)]
    exceeded: Annotated[bool, said("Whether more is owed than may be.", False)]


class ExposureThenView(ExposureView, frozen=True, kw_only=True):
    """An exposure as it was known at an instant."""

    as_known: Annotated[datetime, said("What was learned later is left out.", "2026-03-14T00:00Z")]


class ExposuresView(View, frozen=True, kw_only=True):
    """A page of exposures; without as_of each item says its own day."""

    as_of: Annotated[date | None, said("The day asked about; null: each its own.", "2026-03-14")]
    as_known: Annotated[datetime, said("What was learned later is left out.", "2026-03-14T00:00Z")]
    items: Annotated[list[ExposureView], said("By legal entity and account number.", [])]
    next: Annotated[str | None, said("The cursor of the page after this one.", None)]


def of_state(
    *, account_id: UUID, version: int, legal_entity: str, account_number: str, state: State
) -> CreditLineView:
    """As the answer of a command that changed it."""
    return CreditLineView(
        account_id=account_id,
        version=version,
        legal_entity=legal_entity,
        account_number=account_number,
        limit=state.limit if isinstance(state, Limited) else None,
    )
