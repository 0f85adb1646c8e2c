"""How an account looks where another resource names it. Ledger has the account itself."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from shared.platform.http.views import View, said
from shared.platform.projector.keyset import Record


class AccountRefView(View, frozen=True, kw_only=True):
    """The account a resource is about."""

    id: Annotated[UUID, said("The account's id in ledger.", "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11")]
    legal_entity: Annotated[str, said("The company of ours the account belongs to.", "CN01")]
    number: Annotated[str, said("The account's number in its legal entity.", "C-1001")]


def account_of(row: Record) -> AccountRefView:
    """The account named in a row's columns."""
    return AccountRefView(
        id=row["account_id"], legal_entity=row["legal_entity"], number=row["account_number"]
    )
