"""Which invoices there are, what was given to them, and how they stood on any day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.receivables.domain.invoice import events
from shared.kernel.envelope import Recorded
from shared.kernel.money import Money
from shared.platform.codec import to_json
from shared.platform.projector.keyset import (
    Record,
    between,
    equal_to,
    grouped,
    one_of,
    one_row,
    rows_after,
)
from shared.platform.projector.moment import At
from shared.platform.projector.port import Need, Projection, Rows
from shared.platform.projector.rows import Index, row, table_of
from shared.platform.projector.sums import sum_in
from shared.platform.projector.then import happened_by, is_undone, lasting

OPEN: Final = "open"
SETTLED: Final = "settled"
CANCELED: Final = "canceled"


@row(
    table="invoice",
    key=("tenant_id", "invoice_id"),
    indexes=(
        Index(("tenant_id", "legal_entity", "number"), unique=True),
        Index(("tenant_id", "issued_on", "invoice_id")),
        Index(("tenant_id", "account_id", "issued_on", "invoice_id")),
        Index(
            ("tenant_id", "account_id", "due_on", "issued_on", "number"), where="status = 'open'"
        ),
    ),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceRow:
    tenant_id: UUID
    invoice_id: UUID
    legal_entity: str
    account_id: UUID
    account_number: str
    number: str
    currency: str
    total_minor: int
    open_minor: int
    status: str
    issued_on: date
    due_on: date | None  # Of the earliest installment.
    terms: str | None  # JSON: how the due dates were found.
    recorded_at: datetime  # Of the issue.
    canceled_on: date | None
    canceled_at: datetime | None
    version: int


@row(table="invoice_installment", key=("tenant_id", "invoice_id", "installment"))
@dataclass(frozen=True, slots=True, kw_only=True)
class InstallmentRow:
    tenant_id: UUID
    invoice_id: UUID
    installment: int
    open_item_id: UUID
    due_on: date | None
    discounts: str | None  # JSON: what can be deducted until when.
    currency: str
    amount_minor: int
    open_minor: int


@row(table="invoice_allocation", key=("tenant_id", "invoice_id", "allocation_id"))
@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceAllocationRow:
    tenant_id: UUID
    invoice_id: UUID
    allocation_id: UUID
    payment_id: UUID
    payment_number: str
    installment: int
    currency: str
    amount_minor: int
    value_on: date  # Of the payment.
    applied_on: date
    applied_at: datetime
    unapplied_on: date | None
    unapplied_at: datetime | None


invoice: Final = table_of(InvoiceRow)
installment: Final = table_of(InstallmentRow)
invoice_allocation: Final = table_of(InvoiceAllocationRow)

Moved = events.InvoicePaymentApplied | events.InvoicePaymentUnapplied


def _hears(event: object) -> bool:
    return isinstance(event, events.Event)


def needs(batch: Sequence[Recorded[Any]]) -> Iterable[Need]:
    for recorded in batch:
        if not _hears(recorded.event):
            continue
        key = (recorded.tenant_id, recorded.stream_id)
        yield Need(InvoiceRow, key)
        if isinstance(recorded.event, Moved):
            yield Need(InstallmentRow, (*key, recorded.event.installment))
            yield Need(InvoiceAllocationRow, (*key, recorded.event.allocation_id))
        elif isinstance(recorded.event, events.InvoiceCanceled):
            yield Need(InstallmentRow, key)


def fold(rows: Rows, batch: Sequence[Recorded[Any]]) -> Rows:
    for recorded in batch:
        if not _hears(recorded.event):
            continue
        if isinstance(recorded.event, events.InvoiceIssued):
            _issue(rows, recorded, recorded.event)
            continue
        known = rows.get(InvoiceRow, (recorded.tenant_id, recorded.stream_id))
        if known is None:
            raise LookupError(f"{recorded.type} of an invoice that is not there")
        rows.put(replace(_changed(known, recorded), version=recorded.version))
        match recorded.event:
            case events.InvoicePaymentApplied() | events.InvoicePaymentUnapplied() as moved:
                _move(rows, recorded, moved)
            case events.InvoiceCanceled():
                for each in rows.below(InstallmentRow, (known.tenant_id, known.invoice_id)):
                    rows.put(replace(each, open_minor=0))
            case _:
                pass
    return rows


def _changed(known: InvoiceRow, recorded: Recorded[Any]) -> InvoiceRow:
    match recorded.event:
        case events.InvoicePaymentApplied() as moved:
            return replace(known, open_minor=(_open(known) - moved.amount).minor)
        case events.InvoicePaymentUnapplied() as moved:
            return replace(known, open_minor=(_open(known) + moved.amount).minor)
        case events.InvoiceSettled():
            return replace(known, status=SETTLED)
        case events.InvoiceReopened():
            return replace(known, status=OPEN)
        case events.InvoiceCanceled():
            return replace(
                known,
                status=CANCELED,
                open_minor=0,
                canceled_on=recorded.effective_on,
                canceled_at=recorded.recorded_at,
            )
        case _:
            return known


def _open(known: InvoiceRow) -> Money:
    return Money(known.open_minor, known.currency)


def _move(rows: Rows, recorded: Recorded[Any], event: Moved) -> None:
    """What an installment has open, and the allocation behind it."""
    key = (recorded.tenant_id, recorded.stream_id)
    item = rows.get(InstallmentRow, (*key, event.installment))
    if item is None:
        raise LookupError(f"{recorded.type} of an installment that is not there")
    rows.put(replace(item, open_minor=event.open_amount.minor))
    if isinstance(event, events.InvoicePaymentUnapplied):
        given = rows.get(InvoiceAllocationRow, (*key, event.allocation_id))
        if given is None:
            raise LookupError("what is taken back was never given")
        on, at = recorded.effective_on, recorded.recorded_at
        rows.put(replace(given, unapplied_on=on, unapplied_at=at))
        return
    rows.put(
        InvoiceAllocationRow(
            tenant_id=recorded.tenant_id,
            invoice_id=recorded.stream_id,
            allocation_id=event.allocation_id,
            payment_id=event.payment_id,
            payment_number=event.payment_number,
            installment=event.installment,
            currency=event.amount.currency,
            amount_minor=event.amount.minor,
            value_on=event.value_on,
            applied_on=recorded.effective_on,
            applied_at=recorded.recorded_at,
            unapplied_on=None,
            unapplied_at=None,
        )
    )


def _issue(rows: Rows, recorded: Recorded[Any], event: events.InvoiceIssued) -> None:
    dues = [each.due_on for each in event.installments if each.due_on is not None]
    rows.put(
        InvoiceRow(
            tenant_id=recorded.tenant_id,
            invoice_id=recorded.stream_id,
            legal_entity=recorded.legal_entity,
            account_id=event.account_id,
            account_number=event.account_number,
            number=event.number,
            currency=event.total.currency,
            total_minor=event.total.minor,
            open_minor=event.total.minor,
            status=OPEN,
            issued_on=event.issued_on,
            due_on=min(dues, default=None),
            terms=to_json(event.terms).decode() if event.terms else None,
            recorded_at=recorded.recorded_at,
            canceled_on=None,
            canceled_at=None,
            version=recorded.version,
        )
    )
    for each in event.installments:
        rows.put(
            InstallmentRow(
                tenant_id=recorded.tenant_id,
                invoice_id=recorded.stream_id,
                installment=each.installment,
                open_item_id=each.open_item_id,
                due_on=each.due_on,
                discounts=to_json(each.discounts).decode() if each.discounts else None,
                currency=each.amount.currency,
                amount_minor=each.amount.minor,
                open_minor=each.amount.minor,
            )
        )


READ_MODEL: Final = Projection(
    "invoices", ("ledger",), (InvoiceRow, InstallmentRow, InvoiceAllocationRow), needs, fold
)


# --- questions


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which invoices; empty or None: all."""

    legal_entity: str | None = None
    account_id: UUID | None = None
    account_number: str | None = None
    numbers: Sequence[str] = ()
    statuses: Sequence[str] = ()
    issued_on_from: date | None = None
    issued_on_to: date | None = None
    due_on_from: date | None = None
    due_on_to: date | None = None


def _at(tenant_id: UUID, at: At) -> sa.Select[Any]:
    """Invoices known then, with `open_then` and `status_then`."""
    of, given = invoice.c, invoice_allocation.c
    found = sa.select(invoice).where(of.tenant_id == tenant_id)
    if at.is_now:
        return found.add_columns(of.open_minor.label("open_then"), of.status.label("status_then"))
    allocated = (
        sa.select(sum_in(of.currency, given.currency, given.amount_minor))
        .where(given.tenant_id == of.tenant_id, given.invoice_id == of.invoice_id, *_lasting(at))
        .correlate(invoice)
        .scalar_subquery()
    )
    canceled = is_undone(at, of.canceled_on, of.canceled_at)
    left = sa.case((canceled, 0), else_=of.total_minor - allocated)
    status = sa.case((canceled, CANCELED), (left == 0, SETTLED), else_=OPEN)
    return found.add_columns(left.label("open_then"), status.label("status_then")).where(
        *happened_by(at, of.issued_on, of.recorded_at)
    )


def _lasting(at: At) -> Sequence[sa.ColumnElement[bool]]:
    """Allocations made by then and not taken back by then."""
    given = invoice_allocation.c
    return lasting(
        at, (given.applied_on, given.applied_at), (given.unapplied_on, given.unapplied_at)
    )


async def list_invoices(
    connection: AsyncConnection,
    tenant_id: UUID,
    asked: Asked,
    at: At,
    *,
    after: Sequence[str] | None,
    limit: int,
) -> Sequence[Record]:
    """By invoice date."""
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
        *between(of.issued_on, asked.issued_on_from, asked.issued_on_to),
        *between(of.due_on, asked.due_on_from, asked.due_on_to),
    ]
    listed = sa.select(found).where(*wanted)
    return await rows_after(connection, listed, [of.issued_on, of.invoice_id], after, limit)


async def installments_of(
    connection: AsyncConnection, tenant_id: UUID, invoice_ids: Sequence[UUID], at: At
) -> Mapping[UUID, Sequence[Record]]:
    """By invoice, in their order, with `open_then`; a cancellation is not looked at."""
    of, given = installment.c, invoice_allocation.c
    allocated = (
        sa.select(sum_in(of.currency, given.currency, given.amount_minor))
        .where(
            given.tenant_id == of.tenant_id,
            given.invoice_id == of.invoice_id,
            given.installment == of.installment,
            *_lasting(at),
        )
        .correlate(installment)
        .scalar_subquery()
    )
    left = of.open_minor if at.is_now else of.amount_minor - allocated
    found = await connection.execute(
        sa.select(installment, left.label("open_then"))
        .where(of.tenant_id == tenant_id, of.invoice_id.in_(invoice_ids))
        .order_by(of.invoice_id, of.installment)
    )
    return grouped(found.mappings(), "invoice_id")


async def find_invoice(
    connection: AsyncConnection, tenant_id: UUID, invoice_id: UUID, at: At
) -> Record | None:
    return await one_row(connection, _at(tenant_id, at).where(invoice.c.invoice_id == invoice_id))


async def allocations_of(
    connection: AsyncConnection, tenant_id: UUID, invoice_id: UUID, at: At
) -> Sequence[Record]:
    """What was given to the invoice by then and not taken back by then."""
    given = invoice_allocation.c
    found = (
        sa.select(invoice_allocation)
        .where(given.tenant_id == tenant_id, given.invoice_id == invoice_id, *_lasting(at))
        .order_by(given.applied_on, given.applied_at, given.allocation_id)
    )
    return (await connection.execute(found)).mappings().all()


async def oldest_open(
    connection: AsyncConnection, tenant_id: UUID, account_id: UUID, rows: int
) -> Sequence[UUID]:
    """Open invoices of an account by due date, those without one last; then by invoice date."""
    of = invoice.c
    found = (
        sa.select(of.invoice_id)
        .where(of.tenant_id == tenant_id, of.account_id == account_id, of.status == OPEN)
        .order_by(of.due_on.nulls_last(), of.issued_on, of.number)
        .limit(rows)
    )
    return (await connection.execute(found)).scalars().all()
