"""Which invoices there are, what was given to them, and how they stood on any day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from services.ledger.domain.invoice import events
from services.ledger.projections.tables import METADATA
from shared.kernel.envelope import Recorded
from shared.platform.projector.port import Need, Projection, ReadModel, Rows

OPEN: Final = "open"
SETTLED: Final = "settled"
CANCELED: Final = "canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
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
            rows.put(INVOICE, _issued(recorded, recorded.event))
            continue
        known = rows.get(INVOICE, (recorded.tenant_id, recorded.stream_id))
        if known is None:
            raise LookupError(f"{recorded.type} of an invoice that is not there")
        rows.put(INVOICE, replace(_changed(known, recorded), version=recorded.version))
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
            ALLOCATION,
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
            ALLOCATION,
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
