"""Makes what the ledger says of accounts, as credit reads it: events with their envelopes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any, Final
from uuid import UUID

from services.credit.contract import inbox
from shared.kernel.envelope import Recorded
from shared.kernel.ids import derived, stream_id
from shared.kernel.money import Money

TENANT: Final = UUID("7d1f0c6a-0000-4000-8000-000000000001")
ENTITY: Final = "CN01"
ZONE: Final = "Asia/Shanghai"
TYPES: Final = {kind: name for name, kind in inbox.SUBSCRIBES_TO.items()}


def noon(day: date) -> datetime:
    """Gives noon of that day in the entity's zone."""
    return datetime.combine(day, time(4), UTC)


def account_id(number: str) -> UUID:
    return stream_id(TENANT, ENTITY, "account", number)


def cny(amount: str) -> Money:
    return Money.of(amount, "CNY")


def _installment(invoice: UUID, amount: Money, due_on: date | None) -> inbox.Installment:
    return inbox.Installment(
        open_item_id=derived(invoice, "open_item", 1), due_on=due_on, amount=amount
    )


@dataclass
class LedgerSays:
    """Makes one ledger's events in order, each recorded at noon of its business day by default."""

    events: list[Recorded[Any]] = field(default_factory=list)
    _versions: dict[UUID, int] = field(default_factory=dict)

    def opened(self, number: str, on: date) -> UUID:
        id = account_id(number)
        event = inbox.AccountOpened(
            account_id=id,
            legal_entity=ENTITY,
            number=number,
            time_zone=ZONE,
            currency="CNY",
            opened_on=on,
        )
        self._add(id, id, event, on)
        return id

    def issued(
        self,
        account: UUID,
        number: str,
        total: str,
        *,
        on: date,
        due_on: date,
        currency: str = "CNY",
    ) -> UUID:
        """Issues an invoice."""
        amount = Money.of(total, currency)
        invoice = stream_id(TENANT, ENTITY, "invoice", number)
        event = inbox.InvoiceIssued(
            account_id=account,
            total=amount,
            issued_on=on,
            installments=(_installment(invoice, amount, due_on),),
        )
        self._add(invoice, account, event, on)
        return invoice

    def canceled(self, account: UUID, invoice: UUID, open_amount: str, *, on: date) -> None:
        event = inbox.InvoiceCanceled(
            account_id=account, installments=(_installment(invoice, cny(open_amount), None),)
        )
        self._add(invoice, account, event, on)

    def paid(
        self,
        account: UUID,
        invoice: UUID,
        amount: str,
        *,
        on: date,
        due_on: date,
        recorded_at: datetime | None = None,
        currency: str = "CNY",
    ) -> UUID:
        """Receives a payment and gives it to the invoice the same day."""
        money = Money.of(amount, currency)
        payment = stream_id(TENANT, ENTITY, "payment", f"P{len(self.events)}")
        received = inbox.PaymentReceived(account_id=account, amount=money)
        self._add(payment, account, received, on, recorded_at)
        applied = inbox.InvoicePaymentApplied(
            account_id=account,
            open_item_id=derived(invoice, "open_item", 1),
            allocation_id=derived(payment, "allocation", 1),
            amount=money,
            value_on=on,
            due_on=due_on,
        )
        self._add(invoice, account, applied, on, recorded_at)
        return payment

    def reversed(self, account: UUID, payment: UUID, invoice: UUID, amount: str, on: date) -> None:
        taken_back = inbox.PaymentReversed(account_id=account, amount=cny(amount))
        self._add(payment, account, taken_back, on)
        allocation = derived(payment, "allocation", 1)
        unapplied = inbox.InvoicePaymentUnapplied(account_id=account, allocation_id=allocation)
        self._add(invoice, account, unapplied, on)

    def _add(
        self,
        stream: UUID,
        account: UUID,
        event: Any,
        on: date,
        recorded_at: datetime | None = None,
    ) -> None:
        version = self._versions.get(stream, 0) + 1
        self._versions[stream] = version
        self.events.append(
            Recorded(
                event=event,
                type=TYPES[type(event)],
                id=derived(stream, "event", version),
                stream_id=stream,
                version=version,
                tenant_id=TENANT,
                account_id=account,
                legal_entity=ENTITY,
                effective_on=on,
                recorded_at=recorded_at or noon(on),
            )
        )


def golden_customer(says: LedgerSays, number: str = "C-1001") -> UUID:
    """Makes a customer who paid five days late, two early, twenty late, in January 2026."""
    account = says.opened(number, date(2026, 1, 1))
    for n, (total, due_on, paid_on) in enumerate(
        [
            ("100000.00", date(2026, 1, 5), date(2026, 1, 10)),
            ("50000.00", date(2026, 1, 22), date(2026, 1, 20)),
            ("200000.00", date(2026, 1, 7), date(2026, 1, 27)),
        ]
    ):
        invoice = says.issued(account, f"{number}-{n}", total, on=date(2026, 1, 2), due_on=due_on)
        says.paid(account, invoice, total, on=paid_on, due_on=due_on)
    return account
