"""Asks ledger who owes and to whom, when a notice is rendered. Keeps no copy."""

from __future__ import annotations

from typing import Annotated, Final, TypeVar
from urllib.parse import quote
from uuid import UUID

import httpx
import msgspec

from services.dunning.notices.domain.addresses import usable_email
from services.dunning.notices.handlers.ports import Creditor, Debtor
from shared.platform.reactor.port import Unreachable

T = TypeVar("T")
TIMEOUT_S: Final = 5.0  # seconds until ledger counts as away

Text = Annotated[str, msgspec.Meta(max_length=1000)]


class PartyUnknown(Exception):
    """Ledger does not know the account or the legal entity."""


class PartyNotUnderstood(Exception):
    """Ledger's answer about this party is not what it should be. Names no content."""


class _ContactPerson(msgspec.Struct):
    name: Text | None = None
    email: Text | None = None


class _Account(msgspec.Struct):
    """Of ledger's answer only what is used, open to all else."""

    number: Text
    name: Text | None = None
    contact_person: _ContactPerson | None = None
    email: Text | None = None
    postal_address: Text | None = None
    language: Text | None = None
    sales_owner: Text | None = None


class _LegalEntity(msgspec.Struct):
    name: Text
    address: Text | None = None


class LedgerParties:
    """By `GET /ledger/v1/accounts/{id}` and `GET /ledger/v1/legal-entities/{code}`."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def debtor(self, account_id: UUID) -> Debtor:
        """The contact person's e-mail comes first, then the customer's own."""
        account = await self._ask(f"/v1/accounts/{account_id}", _Account)
        person = account.contact_person or _ContactPerson()
        emails = [each for each in (person.email, account.email) if each]
        usable = (each for each in emails if usable_email(each) is not None)
        english = (account.language or "").lower().startswith("en")
        return Debtor(
            number=account.number,
            name=account.name or account.number,
            contact_person=person.name or "",
            email=next(usable, emails[0] if emails else ""),
            postal_address=account.postal_address or "",
            language="en" if english else "zh",
            sales_owner=account.sales_owner or "",
        )

    async def creditor(self, legal_entity: str) -> Creditor:
        path = f"/v1/legal-entities/{quote(legal_entity, safe='')}"
        entity = await self._ask(path, _LegalEntity)
        return Creditor(name=entity.name, address=entity.address or "")

    async def _ask(self, path: str, kind: type[T]) -> T:
        """What is no answer of ledger's concerns every notice; what one answer says, this one.

        Raises Unreachable, PartyUnknown, PartyNotUnderstood.
        """
        try:
            response = await self._client.get(path, timeout=TIMEOUT_S)
        except httpx.RequestError as problem:
            raise Unreachable("ledger does not answer") from problem
        if response.status_code == httpx.codes.NOT_FOUND:
            raise PartyUnknown(path)
        if response.status_code != httpx.codes.OK:
            raise Unreachable(f"ledger answers {response.status_code}")
        try:
            return msgspec.json.decode(response.content, type=kind)
        except msgspec.ValidationError as problem:
            raise PartyNotUnderstood(path) from problem
        except msgspec.DecodeError as problem:
            raise Unreachable("what answers is not ledger") from problem
