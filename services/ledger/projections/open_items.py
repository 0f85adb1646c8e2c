"""What is open, as dated movements: any balance as of any day, as it was known at any instant.

One row per open item (an installment, or the unallocated rest of a payment, which is negative) and
one per movement of it. Movements are never changed; the item's row says how far they reach, so that
a question looks at movements only where later ones must be left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, Literal
from uuid import UUID

import sqlalchemy as sa

from services.ledger.domain.invoice import events as invoice
from services.ledger.domain.payment import events as payment
from services.ledger.projections.tables import METADATA
from shared.kernel.envelope import Recorded
from shared.kernel.ids import open_item_id
from shared.kernel.money import total
from shared.platform.projector.port import Need, Projection, ReadModel, Rows

INSTALLMENT: Final = "installment"
UNALLOCATED: Final = "unallocated"
Kind = Literal["installment", "unallocated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    tenant_id: UUID
    open_item_id: UUID
    legal_entity: str
    account_id: UUID
    account_number: str
    kind: str
    stream_id: UUID  # Of the invoice or payment.
    number: str
    installment: int  # 0: of a payment.
    currency: str
    dated_on: date  # Invoice date or value date.
    due_on: date | None
    open_minor: int  # After all movements.
    first_on: date
    first_at: datetime
    last_on: date  # No movement has a later business date,
    last_at: datetime  # and none was learned later.


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    tenant_id: UUID
    open_item_id: UUID
    version: int  # Of the item's own stream.
    effective_on: date
    recorded_at: datetime
    minor: int  # Signed: what is owed grows with it.
    type: str


open_item: Final = sa.Table(
    "open_item",
    METADATA,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("open_item_id", sa.Uuid, primary_key=True),
    sa.Column("legal_entity", sa.Text, nullable=False),
    sa.Column("account_id", sa.Uuid, nullable=False),
    sa.Column("account_number", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("stream_id", sa.Uuid, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("installment", sa.Integer, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("dated_on", sa.Date, nullable=False),
    sa.Column("due_on", sa.Date),
    sa.Column("open_minor", sa.BigInteger, nullable=False),
    sa.Column("first_on", sa.Date, nullable=False),
    sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("last_on", sa.Date, nullable=False),
    sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
    # What is open now; what was open once but moved after a day, or after an instant.
    sa.Index(
        "open_item_open",
        "tenant_id",
        "legal_entity",
        "account_id",
        postgresql_where=sa.text("open_minor <> 0"),
    ),
    sa.Index("open_item_last_on", "tenant_id", "legal_entity", "last_on"),
    sa.Index("open_item_last_at", "tenant_id", "legal_entity", "last_at"),
    sa.Index("open_item_account", "tenant_id", "account_id"),
)

open_item_movement: Final = sa.Table(
    "open_item_movement",
    METADATA,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("open_item_id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True),
    sa.Column("effective_on", sa.Date, nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("minor", sa.BigInteger, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
)

ITEM: Final = ReadModel(open_item, OpenItem)
MOVEMENT: Final = ReadModel(open_item_movement, Movement)


def _moved(recorded: Recorded[Any]) -> tuple[UUID, int] | None:
    """Which item an event moves, and by how much; None: none."""
    event = recorded.event
    match event:
        case invoice.InvoiceIssued():
            return event.open_item_id, event.total.minor
        case invoice.InvoicePaymentApplied():
            return event.open_item_id, -event.amount.minor
        case invoice.InvoicePaymentUnapplied():
            return event.open_item_id, event.amount.minor
        case invoice.InvoiceCanceled():
            return event.open_item_id, -event.open_amount.minor
        case payment.PaymentReceived():
            return event.open_item_id, -event.amount.minor
        case payment.PaymentAllocated():
            given = total((a.amount for a in event.allocations), event.unallocated_amount.currency)
            return open_item_id(recorded.stream_id, 0), given.minor
        case payment.PaymentReversed():
            return open_item_id(recorded.stream_id, 0), event.unallocated_before.minor
        case _:
            return None


def needs(events: Sequence[Recorded[Any]]) -> Iterable[Need]:
    for recorded in events:
        moved = _moved(recorded)
        if moved is not None:
            yield Need(ITEM, (recorded.tenant_id, moved[0]))


def fold(rows: Rows, events: Sequence[Recorded[Any]]) -> Rows:
    for recorded in events:
        moved = _moved(recorded)
        if moved is None:
            continue
        item_id, minor = moved
        known = rows.get(ITEM, (recorded.tenant_id, item_id)) or _new(recorded)
        rows.put(
            ITEM,
            replace(
                known,
                open_minor=known.open_minor + minor,
                first_on=min(known.first_on, recorded.effective_on),
                first_at=min(known.first_at, recorded.recorded_at),
                last_on=max(known.last_on, recorded.effective_on),
                last_at=max(known.last_at, recorded.recorded_at),
            ),
        )
        rows.put(
            MOVEMENT,
            Movement(
                tenant_id=recorded.tenant_id,
                open_item_id=item_id,
                version=recorded.version,
                effective_on=recorded.effective_on,
                recorded_at=recorded.recorded_at,
                minor=minor,
                type=recorded.type,
            ),
        )
    return rows


def _new(recorded: Recorded[Any]) -> OpenItem:
    match recorded.event:
        case invoice.InvoiceIssued() as issued:
            kind, installment, currency = INSTALLMENT, issued.installment, issued.total.currency
            dated_on, due_on = issued.issued_on, issued.due_on
        case payment.PaymentReceived() as received:
            kind, installment, currency = UNALLOCATED, 0, received.amount.currency
            dated_on, due_on = received.value_on, None
        case other:
            raise LookupError(f"{type(other).__name__} moves an item that is not there")
    return OpenItem(
        tenant_id=recorded.tenant_id,
        open_item_id=recorded.event.open_item_id,
        legal_entity=recorded.legal_entity,
        account_id=recorded.event.account_id,
        account_number=recorded.event.account_number,
        kind=kind,
        stream_id=recorded.stream_id,
        number=recorded.event.number,
        installment=installment,
        currency=currency,
        dated_on=dated_on,
        due_on=due_on,
        open_minor=0,
        first_on=recorded.effective_on,
        first_at=recorded.recorded_at,
        last_on=recorded.effective_on,
        last_at=recorded.recorded_at,
    )


OPEN_ITEMS: Final = Projection("open_items", ("ledger",), (ITEM, MOVEMENT), needs, fold)
