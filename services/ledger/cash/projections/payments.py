"""Which payments came in, what they were given to, and how they stood on any day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.cash.domain.payment import events
from shared.kernel.envelope import Recorded
from shared.platform.projector.keyset import (
    Record,
    between,
    equal_to,
    one_of,
    one_row,
    rows_after,
    signed_sum,
)
from shared.platform.projector.moment import At
from shared.platform.projector.port import Need, Projection, Rows
from shared.platform.projector.rows import Index, row, table_of
from shared.platform.projector.then import happened_by, is_undone, lasting

RECEIVED: Final = "received"
REVERSED: Final = "reversed"


@row(
    table="payment",
    key=("tenant_id", "payment_id"),
    indexes=(
        Index(("tenant_id", "account_id", "value_on", "payment_id")),
        Index(("tenant_id", "value_on", "payment_id")),
        Index(("tenant_id", "legal_entity", "number"), unique=True),
    ),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRow:
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


@row(table="payment_allocation", key=("tenant_id", "payment_id", "allocation_id"))
@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentAllocationRow:
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


payment: Final = table_of(PaymentRow)

payment_allocation: Final = table_of(PaymentAllocationRow)


def needs(batch: Sequence[Recorded[Any]]) -> Iterable[Need]:
    for recorded in batch:
        event, key = recorded.event, (recorded.tenant_id, recorded.stream_id)
        if isinstance(event, events.PaymentAllocated | events.PaymentReversed):
            yield Need(PaymentRow, key)
        if isinstance(event, events.PaymentReversed):
            yield from (Need(PaymentAllocationRow, (*key, each.id)) for each in event.allocations)


def fold(rows: Rows, batch: Sequence[Recorded[Any]]) -> Rows:
    for recorded in batch:
        match recorded.event:
            case events.PaymentReceived() as received:
                rows.put(_received(recorded, received))
            case events.PaymentAllocated() as allocated:
                rows.put(
                    replace(
                        _known(rows, recorded),
                        unallocated_minor=allocated.unallocated_amount.minor,
                        version=recorded.version,
                    ),
                )
                for each in allocated.allocations:
                    rows.put(_given(recorded, each))
            case events.PaymentReversed() as taken:
                _reverse(rows, recorded, taken)
            case _:
                pass
    return rows


def _reverse(rows: Rows, recorded: Recorded[Any], event: events.PaymentReversed) -> None:
    rows.put(
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
        given = rows.get(PaymentAllocationRow, (recorded.tenant_id, recorded.stream_id, each.id))
        if given is None:
            raise LookupError("what is taken back was never given")
        rows.put(
            replace(given, taken_back_on=recorded.effective_on, taken_back_at=recorded.recorded_at),
        )


def _known(rows: Rows, recorded: Recorded[Any]) -> PaymentRow:
    known = rows.get(PaymentRow, (recorded.tenant_id, recorded.stream_id))
    if known is None:
        raise LookupError(f"{recorded.type} of a payment that is not there")
    return known


def _given(recorded: Recorded[Any], each: events.Allocation) -> PaymentAllocationRow:
    return PaymentAllocationRow(
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


def _received(recorded: Recorded[Any], event: events.PaymentReceived) -> PaymentRow:
    return PaymentRow(
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


READ_MODEL: Final = Projection(
    "payments", ("ledger",), (PaymentRow, PaymentAllocationRow), needs, fold
)


# --- questions


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which payments; empty or None: all."""

    legal_entity: str | None = None
    account_id: UUID | None = None
    account_number: str | None = None
    numbers: Sequence[str] = ()
    statuses: Sequence[str] = ()
    value_on_from: date | None = None
    value_on_to: date | None = None


def _at(tenant_id: UUID, at: At) -> sa.Select[Any]:
    """Payments known then, with `unallocated_then` and `status_then`."""
    of, given = payment.c, payment_allocation.c
    found = sa.select(payment).where(of.tenant_id == tenant_id)
    if at.is_now:
        return found.add_columns(
            of.unallocated_minor.label("unallocated_then"), of.status.label("status_then")
        )
    allocated = (
        sa.select(sa.func.coalesce(signed_sum(given.amount_minor), 0))
        .where(given.tenant_id == of.tenant_id, given.payment_id == of.payment_id, *_lasting(at))
        .correlate(payment)
        .scalar_subquery()
    )
    is_reversed = is_undone(at, of.reversed_on, of.reversed_at)
    return found.add_columns(
        sa.case((is_reversed, 0), else_=of.amount_minor - allocated).label("unallocated_then"),
        sa.case((is_reversed, REVERSED), else_=RECEIVED).label("status_then"),
    ).where(*happened_by(at, of.value_on, of.recorded_at))


def _lasting(at: At) -> Sequence[sa.ColumnElement[bool]]:
    """Allocations made by then and not taken back by then."""
    given = payment_allocation.c
    return lasting(
        at,
        (given.allocated_on, given.allocated_at),
        (given.taken_back_on, given.taken_back_at),
    )


async def list_payments(
    connection: AsyncConnection,
    tenant_id: UUID,
    asked: Asked,
    at: At,
    *,
    after: Sequence[str] | None,
    limit: int,
) -> Sequence[Record]:
    """By value date."""
    found = _at(tenant_id, at).subquery("found")
    of = found.c
    equal = {
        "legal_entity": asked.legal_entity,
        "account_id": asked.account_id,
        "account_number": asked.account_number,
    }
    wanted = [
        *equal_to(of, equal),
        *one_of(of, {"number": asked.numbers, "status_then": asked.statuses}),
        *between(of.value_on, asked.value_on_from, asked.value_on_to),
    ]
    listed = sa.select(found).where(*wanted)
    return await rows_after(connection, listed, [of.value_on, of.payment_id], after, limit)


async def find_payment(
    connection: AsyncConnection, tenant_id: UUID, payment_id: UUID, at: At
) -> Record | None:
    return await one_row(connection, _at(tenant_id, at).where(payment.c.payment_id == payment_id))


async def allocations_of(
    connection: AsyncConnection, tenant_id: UUID, payment_id: UUID, at: At
) -> Sequence[Record]:
    """What the payment had given by then and not got back by then."""
    given = payment_allocation.c
    found = sa.select(payment_allocation).where(
        given.tenant_id == tenant_id, given.payment_id == payment_id, *_lasting(at)
    )
    return (await connection.execute(found)).mappings().all()


async def paid_invoices(
    connection: AsyncConnection, tenant_id: UUID, payment_id: UUID
) -> Sequence[UUID]:
    """The invoices a payment is allocated to now."""
    given = payment_allocation.c
    found = (
        sa.select(given.invoice_id)
        .distinct()
        .where(
            given.tenant_id == tenant_id,
            given.payment_id == payment_id,
            given.taken_back_on.is_(None),
        )
        .order_by(given.invoice_id)
    )
    return (await connection.execute(found)).scalars().all()
