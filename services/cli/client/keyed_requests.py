"""The requests that the importer and the simulator make, and the keys they make them under.

A key is derived from legal entity, kind and number, so that whoever starts again says the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from shared.kernel.money import Money

KEY_CHARACTERS_MAX: Final = 200  # The services take 255.

Body = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedRequest:
    """One command. The same key always means the same request."""

    service: str
    path: str
    body: Body
    key: str


def key_of(legal_entity: str, kind: str, number: str) -> str:
    """Printable ASCII, whatever the number is made of."""
    key = f"{legal_entity}/{kind}/{number}"
    if len(key) <= KEY_CHARACTERS_MAX and key.isascii() and key.isprintable():
        return key
    return f"{legal_entity}/{kind}/sha256/{sha256(number.encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class KeyedRequests:
    """Of one legal entity."""

    legal_entity: str

    def register(
        self, *, name: str, time_zone: str, currency: str, take_over_on: date
    ) -> KeyedRequest:
        body = {
            "code": self.legal_entity,
            "name": name,
            "time_zone": time_zone,
            "currency": currency,
            "take_over_on": take_over_on,
        }
        return self._request("ledger", "/legal-entities", "legal_entity", self.legal_entity, body)

    def open_account(
        self,
        number: str,
        *,
        name: str,
        contact_person: Body | None = None,
        postal_address: str | None = None,
    ) -> KeyedRequest:
        body: dict[str, object] = {
            "legal_entity": self.legal_entity,
            "number": number,
            "name": name,
        }
        if contact_person is not None:
            body["contact_person"] = contact_person
        if postal_address is not None:
            body["postal_address"] = postal_address
        return self._request("ledger", "/accounts", "account", number, body)

    def issue_invoice(
        self,
        number: str,
        *,
        account: str,
        total: Money,
        issued_on: date,
        due: date | int | None,
        settlements: Sequence[Body] = (),
    ) -> KeyedRequest:
        """`due` is a day, or net days from the invoice date, or nothing at all."""
        body: dict[str, object] = {
            "account": self._account(account),
            "number": number,
            "issued_on": issued_on,
            "total": total,
        }
        if isinstance(due, date):
            body["due_on"] = due
        elif due is not None:
            body["terms"] = {"anchor": "invoice", "add_days": due}
        if settlements:
            body["settlements"] = settlements
        return self._request("ledger", "/invoices", "invoice", number, body)

    def settlement(self, number: str, *, amount: Money, value_on: date, method: str) -> Body:
        """A payment that an invoice is issued with."""
        return {
            "payment_number": number,
            "value_on": value_on,
            "amount": amount,
            "method": method,
        }

    def receive_payment(
        self,
        number: str,
        *,
        account: str,
        amount: Money,
        value_on: date,
        method: str,
        reference: str | None = None,
        payer: str | None = None,
    ) -> KeyedRequest:
        body: dict[str, object] = {
            "account": self._account(account),
            "number": number,
            "amount": amount,
            "value_on": value_on,
            "method": method,
        }
        if reference is not None:
            body["reference"] = reference
        if payer is not None:
            body["payer"] = payer
        return self._request("ledger", "/payments", "payment", number, body)

    def allocate(
        self, payment_id: UUID, number: str, *, shares: Sequence[tuple[str, Money]], on: date
    ) -> KeyedRequest:
        """To named invoices; to none of them by name: oldest first."""
        body: dict[str, object] = {"effective_on": on}
        if shares:
            body["allocations"] = [
                {"invoice": {"number": invoice}, "amount": amount} for invoice, amount in shares
            ]
        else:
            body["rule"] = "oldest_first"
        return self._request("ledger", f"/payments/{payment_id}:allocate", "allocate", number, body)

    def reverse(self, payment_id: UUID, number: str, *, reason: str, on: date) -> KeyedRequest:
        body = {"reason": reason, "effective_on": on}
        return self._request("ledger", f"/payments/{payment_id}:reverse", "reverse", number, body)

    def set_limit(self, account_id: UUID, number: str, *, limit: Money) -> KeyedRequest:
        body = {"limit": limit}
        path = f"/credit-lines/{account_id}:set-limit"
        return self._request("credit", path, "set_limit", number, body)

    def record_contact(
        self,
        number: str,
        *,
        account: str,
        channel: str,
        contacted_at: datetime,
        open_item_ids: Sequence[UUID],
        outcome: str,
        note: str,
        next_step_on: date | None,
    ) -> KeyedRequest:
        body: dict[str, object] = {
            "account": self._account(account),
            "number": number,
            "channel": channel,
            "contacted_at": contacted_at,
            "open_item_ids": open_item_ids,
            "outcome": outcome,
            "text": note,
        }
        if next_step_on is not None:
            body["next_step"] = "call_again"
            body["next_step_on"] = next_step_on
        return self._request("dunning", "/contacts", "contact", number, body)

    def make_promise(
        self, number: str, *, account: str, amount: Money, promised_on: date
    ) -> KeyedRequest:
        body = {
            "account": self._account(account),
            "number": number,
            "amount": amount,
            "promised_on": promised_on,
        }
        return self._request("dunning", "/promises", "promise", number, body)

    def _account(self, number: str) -> Body:
        return {"legal_entity": self.legal_entity, "number": number}

    def _request(self, service: str, path: str, kind: str, number: str, body: Body) -> KeyedRequest:
        return KeyedRequest(
            service=service,
            path=path,
            body=body,
            key=key_of(self.legal_entity, kind, number),
        )
