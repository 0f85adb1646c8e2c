"""Which payments came in, what they were given to, and how they stood on any day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from services.ledger.domain.payment import events
from services.ledger.projections.tables import METADATA
from shared.kernel.envelope import Recorded
from shared.platform.projector.port import Need, Projection, ReadModel, Rows

RECEIVED: Final = "received"
REVERSED: Final = "reversed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    tenant_id: UUID
    payment_id: UUID
    legal_entity: str
    account_id: UUID
    account_number: str
    number: str
    currency: str
    amount_minor: int
    unallocated_minor: int
    status: str
    value_on: date
    method: str
    payer_id: UUID | None
    reference: str | None
    open_item_id: UUID
    recorded_at: datetime  # Of the receipt.
    reversed_on: date | None
    reversed_at: datetime | None
    reason: str | None  # Of the reversal.
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentAllocation:
    tenant_id: UUID
    payment_id: UUID
    allocation_id: UUID
    invoice_id: UUID
    invoice_number: str
    installment: int
    amount_minor: int
    due_on: date | None
    allocated_on: date
    allocated_at: datetime
    taken_back_on: date | None
    taken_back_at: datetime | None


payment: Final = sa.Table(
    "payment",
    METADATA,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("payment_id", sa.Uuid, primary_key=True),
    sa.Column("legal_entity", sa.Text, nullable=False),
    sa.Column("account_id", sa.Uuid, nullable=False),
    sa.Column("account_number", sa.Text, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("unallocated_minor", sa.BigInteger, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("value_on", sa.Date, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("payer_id", sa.Uuid),
    sa.Column("reference", sa.Text),
    sa.Column("open_item_id", sa.Uuid, nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("reversed_on", sa.Date),
    sa.Column("reversed_at", sa.DateTime(timezone=True)),
    sa.Column("reason", sa.Text),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Index("payment_number", "tenant_id", "legal_entity", "number", unique=True),
    sa.Index("payment_list", "tenant_id", "value_on", "payment_id"),
    sa.Index("payment_account", "tenant_id", "account_id", "value_on", "payment_id"),
)

payment_allocation: Final = sa.Table(
    "payment_allocation",
    METADATA,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("payment_id", sa.Uuid, primary_key=True),
    sa.Column("allocation_id", sa.Uuid, primary_key=True),
    sa.Column("invoice_id", sa.Uuid, nullable=False),
    sa.Column("invoice_number", sa.Text, nullable=False),
    sa.Column("installment", sa.Integer, nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("due_on", sa.Date),
    sa.Column("allocated_on", sa.Date, nullable=False),
    sa.Column("allocated_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("taken_back_on", sa.Date),
    sa.Column("taken_back_at", sa.DateTime(timezone=True)),
)

PAYMENT: Final = ReadModel(payment, Payment)
ALLOCATION: Final = ReadModel(payment_allocation, PaymentAllocation)


def needs(batch: Sequence[Recorded[Any]]) -> Iterable[Need]:
    for recorded in batch:
        event, key = recorded.event, (recorded.tenant_id, recorded.stream_id)
        if isinstance(event, events.PaymentAllocated | events.PaymentReversed):
            yield Need(PAYMENT, key)
        if isinstance(event, events.PaymentReversed):
            yield from (Need(ALLOCATION, (*key, each.id)) for each in event.allocations)


def fold(rows: Rows, batch: Sequence[Recorded[Any]]) -> Rows:
    for recorded in batch:
        match recorded.event:
            case events.PaymentReceived() as received:
                rows.put(PAYMENT, _received(recorded, received))
            case events.PaymentAllocated() as allocated:
                rows.put(
                    PAYMENT,
                    replace(
                        _known(rows, recorded),
                        unallocated_minor=allocated.unallocated_amount.minor,
                        version=recorded.version,
                    ),
                )
                for each in allocated.allocations:
                    rows.put(ALLOCATION, _given(recorded, each))
            case events.PaymentReversed() as taken:
                _reverse(rows, recorded, taken)
            case _:
                pass
    return rows


def _reverse(rows: Rows, recorded: Recorded[Any], event: events.PaymentReversed) -> None:
    rows.put(
        PAYMENT,
        replace(
            _known(rows, recorded),
            unallocated_minor=0,
            status=REVERSED,
            reversed_on=recorded.effective_on,
            reversed_at=recorded.recorded_at,
            reason=event.reason,
            version=recorded.version,
        ),
    )
    for each in event.allocations:
        given = rows.get(ALLOCATION, (recorded.tenant_id, recorded.stream_id, each.id))
        if given is None:
            raise LookupError("what is taken back was never given")
        rows.put(
            ALLOCATION,
            replace(given, taken_back_on=recorded.effective_on, taken_back_at=recorded.recorded_at),
        )


def _known(rows: Rows, recorded: Recorded[Any]) -> Payment:
    known = rows.get(PAYMENT, (recorded.tenant_id, recorded.stream_id))
    if known is None:
        raise LookupError(f"{recorded.type} of a payment that is not there")
    return known


def _given(recorded: Recorded[Any], each: events.Allocation) -> PaymentAllocation:
    return PaymentAllocation(
        tenant_id=recorded.tenant_id,
        payment_id=recorded.stream_id,
        allocation_id=each.id,
        invoice_id=each.invoice_id,
        invoice_number=each.invoice_number,
        installment=each.installment,
        amount_minor=each.amount.minor,
        due_on=each.due_on,
        allocated_on=recorded.effective_on,
        allocated_at=recorded.recorded_at,
        taken_back_on=None,
        taken_back_at=None,
    )


def _received(recorded: Recorded[Any], event: events.PaymentReceived) -> Payment:
    return Payment(
        tenant_id=recorded.tenant_id,
        payment_id=recorded.stream_id,
        legal_entity=recorded.legal_entity,
        account_id=event.account_id,
        account_number=event.account_number,
        number=event.number,
        currency=event.amount.currency,
        amount_minor=event.amount.minor,
        unallocated_minor=event.amount.minor,
        status=RECEIVED,
        value_on=event.value_on,
        method=event.method,
        payer_id=event.payer_id,
        reference=event.reference,
        open_item_id=event.open_item_id,
        recorded_at=recorded.recorded_at,
        reversed_on=None,
        reversed_at=None,
        reason=None,
        version=recorded.version,
    )


PAYMENTS: Final = Projection("payments", ("ledger",), (PAYMENT, ALLOCATION), needs, fold)
