"""Which invoices there are, what was given to them, and how they stood on any day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.contract.tables import METADATA
from services.ledger.receivables.domain.invoice import events
from shared.kernel.envelope import Recorded
from shared.platform.projector.moment import At
from shared.platform.projector.port import Need, Projection, ReadModel, Rows

OPEN: Final = "open"
SETTLED: Final = "settled"
CANCELED: Final = "canceled"


@dataclass(frozen=True, slots=True)
class Invoice:
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
    due_on: date | None
    add_days: int | None  # Of the terms.
    installment: int
    open_item_id: UUID
    recorded_at: datetime  # Of the issue.
    canceled_on: date | None
    canceled_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class InvoiceAllocation:
    tenant_id: UUID
    invoice_id: UUID
    allocation_id: UUID
    payment_id: UUID
    payment_number: str
    installment: int
    amount_minor: int
    value_on: date  # Of the payment.
    applied_on: date
    applied_at: datetime
    unapplied_on: date | None
    unapplied_at: datetime | None


invoice: Final = sa.Table(
    "invoice",
    METADATA,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("invoice_id", sa.Uuid, primary_key=True),
    sa.Column("legal_entity", sa.Text, nullable=False),
    sa.Column("account_id", sa.Uuid, nullable=False),
    sa.Column("account_number", sa.Text, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("total_minor", sa.BigInteger, nullable=False),
    sa.Column("open_minor", sa.BigInteger, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("issued_on", sa.Date, nullable=False),
    sa.Column("due_on", sa.Date),
    sa.Column("add_days", sa.Integer),
    sa.Column("installment", sa.Integer, nullable=False),
    sa.Column("open_item_id", sa.Uuid, nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("canceled_on", sa.Date),
    sa.Column("canceled_at", sa.DateTime(timezone=True)),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Index("invoice_number", "tenant_id", "legal_entity", "number", unique=True),
    sa.Index("invoice_list", "tenant_id", "issued_on", "invoice_id"),
    sa.Index("invoice_account", "tenant_id", "account_id", "issued_on", "invoice_id"),
    sa.Index(
        "invoice_open",
        "tenant_id",
        "account_id",
        "due_on",
        "issued_on",
        "number",
        postgresql_where=sa.text("status = 'open'"),
    ),
)

invoice_allocation: Final = sa.Table(
    "invoice_allocation",
    METADATA,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("invoice_id", sa.Uuid, primary_key=True),
    sa.Column("allocation_id", sa.Uuid, primary_key=True),
    sa.Column("payment_id", sa.Uuid, nullable=False),
    sa.Column("payment_number", sa.Text, nullable=False),
    sa.Column("installment", sa.Integer, nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("value_on", sa.Date, nullable=False),
    sa.Column("applied_on", sa.Date, nullable=False),
    sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("unapplied_on", sa.Date),
    sa.Column("unapplied_at", sa.DateTime(timezone=True)),
)

INVOICE: Final = ReadModel(invoice, Invoice)
ALLOCATION: Final = ReadModel(invoice_allocation, InvoiceAllocation)

_APPLIED: Final = (events.InvoicePaymentApplied, events.InvoicePaymentUnapplied)


def _hears(event: object) -> bool:
    return isinstance(event, events.Event)


def needs(batch: Sequence[Recorded[Any]]) -> Iterable[Need]:
    for recorded in batch:
        if not _hears(recorded.event):
            continue
        key = (recorded.tenant_id, recorded.stream_id)
        yield Need(INVOICE, key)
        if isinstance(recorded.event, _APPLIED):
            yield Need(ALLOCATION, (*key, recorded.event.allocation_id))


def fold(rows: Rows, batch: Sequence[Recorded[Any]]) -> Rows:
    for recorded in batch:
        if not _hears(recorded.event):
            continue
        if isinstance(recorded.event, events.InvoiceIssued):
            rows.put(_issued(recorded, recorded.event))
            continue
        known = rows.get(INVOICE, (recorded.tenant_id, recorded.stream_id))
        if known is None:
            raise LookupError(f"{recorded.type} of an invoice that is not there")
        rows.put(replace(_changed(known, recorded), version=recorded.version))
        _allocate(rows, recorded)
    return rows


def _changed(known: Invoice, recorded: Recorded[Any]) -> Invoice:
    match recorded.event:
        case events.InvoicePaymentApplied() | events.InvoicePaymentUnapplied() as moved:
            return replace(known, open_minor=moved.open_amount.minor)
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


def _allocate(rows: Rows, recorded: Recorded[Any]) -> None:
    event = recorded.event
    if isinstance(event, events.InvoicePaymentApplied):
        rows.put(
            InvoiceAllocation(
                tenant_id=recorded.tenant_id,
                invoice_id=recorded.stream_id,
                allocation_id=event.allocation_id,
                payment_id=event.payment_id,
                payment_number=event.payment_number,
                installment=event.installment,
                amount_minor=event.amount.minor,
                value_on=event.value_on,
                applied_on=recorded.effective_on,
                applied_at=recorded.recorded_at,
                unapplied_on=None,
                unapplied_at=None,
            ),
        )
    elif isinstance(event, events.InvoicePaymentUnapplied):
        given = rows.get(ALLOCATION, (recorded.tenant_id, recorded.stream_id, event.allocation_id))
        if given is None:
            raise LookupError("what is taken back was never given")
        rows.put(
            replace(given, unapplied_on=recorded.effective_on, unapplied_at=recorded.recorded_at),
        )


def _issued(recorded: Recorded[Any], event: events.InvoiceIssued) -> Invoice:
    return Invoice(
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
        due_on=event.due_on,
        add_days=event.terms.add_days if event.terms else None,
        installment=event.installment,
        open_item_id=event.open_item_id,
        recorded_at=recorded.recorded_at,
        canceled_on=None,
        canceled_at=None,
        version=recorded.version,
    )


INVOICES: Final = Projection("invoices", ("ledger",), (INVOICE, ALLOCATION), needs, fold)


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
        sa.select(sa.func.coalesce(sa.cast(sa.func.sum(given.amount_minor), sa.BigInteger), 0))
        .where(given.tenant_id == of.tenant_id, given.invoice_id == of.invoice_id, *_lasting(at))
        .correlate(invoice)
        .scalar_subquery()
    )
    canceled = sa.and_(
        of.canceled_on.is_not(None), of.canceled_on <= at.as_of, of.canceled_at <= at.as_known
    )
    left = sa.case((canceled, 0), else_=of.total_minor - allocated)
    status = sa.case((canceled, CANCELED), (left == 0, SETTLED), else_=OPEN)
    return found.add_columns(left.label("open_then"), status.label("status_then")).where(
        of.issued_on <= at.as_of, of.recorded_at <= at.as_known
    )


def _lasting(at: At) -> Sequence[sa.ColumnElement[bool]]:
    """Allocations made by then and not taken back by then."""
    given = invoice_allocation.c
    return (
        given.applied_on <= at.as_of,
        given.applied_at <= at.as_known,
        sa.or_(
            given.unapplied_on.is_(None),
            given.unapplied_on > at.as_of,
            given.unapplied_at > at.as_known,
        ),
    )


async def list_invoices(
    connection: AsyncConnection,
    tenant_id: UUID,
    asked: Asked,
    at: At,
    *,
    after: tuple[str, ...] | None,
    rows: int,
) -> Sequence[sa.RowMapping]:
    """By invoice date."""
    found = _at(tenant_id, at).subquery("found").c
    equal = {
        found.legal_entity: asked.legal_entity,
        found.account_id: asked.account_id,
        found.account_number: asked.account_number,
    }
    wanted = [column == value for column, value in equal.items() if value is not None]
    for column, values in ((found.number, asked.numbers), (found.status_then, asked.statuses)):
        if values:
            wanted.append(column.in_(values))
    for column, first, last in (
        (found.issued_on, asked.issued_on_from, asked.issued_on_to),
        (found.due_on, asked.due_on_from, asked.due_on_to),
    ):
        if first is not None:
            wanted.append(column >= first)
        if last is not None:
            wanted.append(column <= last)
    if after is not None:
        place = sa.tuple_(sa.literal(date.fromisoformat(after[0])), sa.literal(UUID(after[1])))
        wanted.append(sa.tuple_(found.issued_on, found.invoice_id) > place)
    listed = (
        sa.select(*found).where(*wanted).order_by(found.issued_on, found.invoice_id).limit(rows)
    )
    return (await connection.execute(listed)).mappings().all()


async def find_invoice(
    connection: AsyncConnection, tenant_id: UUID, invoice_id: UUID, at: At
) -> sa.RowMapping | None:
    found = _at(tenant_id, at).where(invoice.c.invoice_id == invoice_id)
    row: sa.RowMapping | None = (await connection.execute(found)).mappings().one_or_none()
    return row


async def allocations_of(
    connection: AsyncConnection, tenant_id: UUID, invoice_id: UUID, at: At
) -> Sequence[sa.RowMapping]:
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
