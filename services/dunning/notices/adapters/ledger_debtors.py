"""Asks ledger who a debtor is, when a notice is rendered. Keeps no copy."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

import httpx
import msgspec

from services.dunning.notices.handlers.ports import Debtor
from shared.platform.reactor.port import Unreachable

TIMEOUT_S: Final = 5.0  # seconds until ledger counts as away

Text = Annotated[str, msgspec.Meta(max_length=1000)]


class _ContactPerson(msgspec.Struct):
    name: Text | None = None
    email: Text | None = None


class _Account(msgspec.Struct):
    """Of ledger's answer only what is used, open to all else."""

    number: Text
    name: Text | None = None
    contact_person: _ContactPerson | None = None
    language: Text | None = None
    sales_owner: Text | None = None


class LedgerDebtors:
    """Debtors by `GET /ledger/v1/accounts/{id}`."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def debtor(self, account_id: UUID) -> Debtor:
        try:
            response = await self._client.get(f"/v1/accounts/{account_id}", timeout=TIMEOUT_S)
        except httpx.TransportError as problem:
            raise Unreachable("ledger does not answer") from problem
        if response.status_code != httpx.codes.OK:
            raise Unreachable(f"ledger answers {response.status_code}")
        try:
            account = msgspec.json.decode(response.content, type=_Account)
        except msgspec.DecodeError as problem:  # ValidationError is one.
            raise Unreachable("ledger's answer is not understood") from problem
        person = account.contact_person or _ContactPerson()
        english = (account.language or "").lower().startswith("en")
        return Debtor(
            number=account.number,
            name=account.name or account.number,
            contact_person=person.name or "",
            email=person.email or "",
            language="en" if english else "zh",
            sales_owner=account.sales_owner or "",
        )
