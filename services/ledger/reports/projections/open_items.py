"""What is open, as dated movements: any balance as of any day, as it was known at any instant.

One row per open item (an installment, or the unallocated rest of a payment, which is negative) and
one per movement of it. Movements are never changed; the item's row says how far they reach, so that
a question looks at movements only where later ones must be left out. What is open is counted and
summed by due date beside them (open_totals.py), in the same fold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.cash.domain.payment import events as payment
from services.ledger.receivables.domain.invoice import events as invoice
from services.ledger.reports.projections.open_totals import (
    FAR,
    OpenTotalRow,
    TotalChanges,
    total_key,
)
from shared.kernel.envelope import Recorded
from shared.kernel.ids import open_item_id
from shared.kernel.money import Money, total
from shared.platform.projector.keyset import (
    Columns,
    Record,
    between,
    equal_to,
    one_row,
    rows_after,
)
from shared.platform.projector.moment import At
from shared.platform.projector.port import Key, Need, Projection, Rows
from shared.platform.projector.rows import Index, row, table_of
from shared.platform.projector.sums import sum_in, sums_by
from shared.platform.projector.then import happened_by

INSTALLMENT: Final = "installment"
UNALLOCATED: Final = "unallocated"


@row(
    table="open_item",
    key=("tenant_id", "open_item_id"),
    indexes=(
        Index(("tenant_id", "account_id")),
        Index(("tenant_id", "legal_entity", "last_at")),
        Index(("tenant_id", "legal_entity", "last_on")),
        Index(("tenant_id", "legal_entity", "account_id"), where="open_minor <> 0"),
        Index(
            ("tenant_id", "legal_entity", "account_number", "account_id", "currency"),
            where="open_minor <> 0",
        ),
        Index(("tenant_id", "legal_entity", "listed_on", "open_item_id"), where="open_minor <> 0"),
        Index(("tenant_id", "listed_on", "open_item_id"), where="open_minor <> 0"),
    ),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItemRow:
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
    listed_on: date  # Its place in a list by due date: FAR where it has none.
    open_minor: int  # After all movements.
    first_on: date
    first_at: datetime
    last_on: date  # No movement has a later business date,
    last_at: datetime  # and none was learned later.


@row(table="open_item_movement", key=("tenant_id", "open_item_id", "version"))
@dataclass(frozen=True, slots=True, kw_only=True)
class MovementRow:
    tenant_id: UUID
    open_item_id: UUID
    version: int  # Of the item's own stream.
    effective_on: date
    recorded_at: datetime
    currency: str
    minor: int  # Signed: what is owed grows with it.
    type: str


class _Move(NamedTuple):
    """What an event does to one open item, and where that item is counted while it is open."""

    open_item_id: UUID
    amount: Money
    kind: str
    due_on: date | None = None


def _moves(recorded: Recorded[Any]) -> Sequence[_Move]:
    """Which items an event moves, and by how much."""
    event = recorded.event
    match event:
        case invoice.InvoiceIssued():
            return [_installment(each, each.amount) for each in event.installments]
        case invoice.InvoicePaymentApplied():
            return [_installment(event, -event.amount)]
        case invoice.InvoicePaymentUnapplied():
            return [_installment(event, event.amount)]
        case invoice.InvoiceCanceled():
            return [_installment(each, -each.amount) for each in event.installments]
        case payment.PaymentReceived():
            return [_Move(event.open_item_id, -event.amount, UNALLOCATED)]
        case payment.PaymentAllocated():
            given = total((a.amount for a in event.allocations), event.unallocated_amount.currency)
            return [_Move(open_item_id(recorded.stream_id, 0), given, UNALLOCATED)]
        case payment.PaymentReversed():
            rest = event.unallocated_before
            return [_Move(open_item_id(recorded.stream_id, 0), rest, UNALLOCATED)]
        case _:
            return []


def _installment(of: invoice.Installment | invoice.OfInstallment, amount: Money) -> _Move:
    return _Move(of.open_item_id, amount, INSTALLMENT, of.due_on)


def needs(events: Sequence[Recorded[Any]]) -> Iterable[Need]:
    totals: set[Key] = set()
    for recorded in events:
        for move in _moves(recorded):
            yield Need(OpenItemRow, (recorded.tenant_id, move.open_item_id))
            totals.add(_total_of(recorded, move))
    for key in totals:
        yield Need(OpenTotalRow, key)


def _total_of(recorded: Recorded[Any], move: _Move) -> Key:
    return total_key(recorded, move.amount.currency, move.kind, move.due_on)


def fold(rows: Rows, events: Sequence[Recorded[Any]]) -> Rows:
    totals = TotalChanges()
    for recorded in events:
        for move in _moves(recorded):
            found = rows.get(OpenItemRow, (recorded.tenant_id, move.open_item_id))
            known = found or _new(recorded, move.open_item_id)
            after = Money(known.open_minor, known.currency) + move.amount
            _move(rows, recorded, move, known, after)
            totals.add(
                _total_of(recorded, move),
                move.amount,
                was_open=known.open_minor != 0,
                is_open=after.minor != 0,
            )
    totals.write(rows)
    return rows


def _move(
    rows: Rows, recorded: Recorded[Any], move: _Move, known: OpenItemRow, after: Money
) -> None:
    rows.put(
        replace(
            known,
            open_minor=after.minor,
            first_on=min(known.first_on, recorded.effective_on),
            first_at=min(known.first_at, recorded.recorded_at),
            last_on=max(known.last_on, recorded.effective_on),
            last_at=max(known.last_at, recorded.recorded_at),
        )
    )
    rows.put(
        MovementRow(
            tenant_id=recorded.tenant_id,
            open_item_id=move.open_item_id,
            version=recorded.version,
            effective_on=recorded.effective_on,
            recorded_at=recorded.recorded_at,
            currency=move.amount.currency,
            minor=move.amount.minor,
            type=recorded.type,
        )
    )


def _new(recorded: Recorded[Any], item_id: UUID) -> OpenItemRow:
    match recorded.event:
        case invoice.InvoiceIssued() as issued:
            (item,) = [each for each in issued.installments if each.open_item_id == item_id]
            kind, installment, currency = INSTALLMENT, item.installment, issued.total.currency
            dated_on, due_on = issued.issued_on, item.due_on
        case payment.PaymentReceived() as received:
            kind, installment, currency = UNALLOCATED, 0, received.amount.currency
            dated_on, due_on = received.value_on, None
        case other:
            raise LookupError(f"{type(other).__name__} moves an item that is not there")
    return OpenItemRow(
        tenant_id=recorded.tenant_id,
        open_item_id=item_id,
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
        listed_on=due_on or FAR,
        open_minor=0,
        first_on=recorded.effective_on,
        first_at=recorded.recorded_at,
        last_on=recorded.effective_on,
        last_at=recorded.recorded_at,
    )


READ_MODEL: Final = Projection(
    "open_items", ("ledger",), (OpenItemRow, MovementRow, OpenTotalRow), needs, fold
)


# --- questions

_ITEM: Final = table_of(OpenItemRow)
_MOVEMENT: Final = table_of(MovementRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which open items a question is about; empty or None: all."""

    tenant_id: UUID
    legal_entity: str | None = None
    account_id: UUID | None = None
    kind: str | None = None
    currency: str | None = None
    due_on_from: date | None = None
    due_on_to: date | None = None

    def filters(self, of: Columns) -> Sequence[sa.ColumnElement[bool]]:
        """The conditions on columns of items or of their totals, which know no account."""
        named = {"legal_entity": self.legal_entity, "kind": self.kind, "currency": self.currency}
        account = {} if self.account_id is None else {"account_id": self.account_id}
        return [
            of.tenant_id == self.tenant_id,
            *equal_to(of, {**named, **account}),
            *between(of.due_on, self.due_on_from, self.due_on_to),
        ]


def items_then(asked: Asked, at: At) -> sa.Select[Any]:
    """Every item that may be open then, with its open amount then (`minor`, possibly zero).

    An item at zero whose last movement is inside both bounds was at zero then too, and is not
    looked at; movements are summed only for items that moved after one of the bounds.
    """
    item = _ITEM.c
    found = sa.select(_ITEM).where(*asked.filters(item))
    if at.is_now:
        return found.add_columns(item.open_minor.label("minor")).where(item.open_minor != 0)
    moved = has_moved_after(at)
    return found.add_columns(
        sa.case((moved, _summed_by(at)), else_=item.open_minor).label("minor")
    ).where(
        *happened_by(at, item.first_on, item.first_at),
        sa.or_(item.open_minor != 0, moved),
    )


def items_moved_after(asked: Asked, at: At) -> sa.Select[Any]:
    """Every item whose amount then may differ from now's (`open_minor`), with it (`minor`).

    Most are younger than the bounds: they had nothing open, and their movements are not looked at.
    """
    item = _ITEM.c
    is_known = sa.and_(*happened_by(at, item.first_on, item.first_at))
    then = sa.case((is_known, _summed_by(at)), else_=0).label("minor")
    return (
        sa.select(item.currency, item.due_on, item.open_minor)
        .add_columns(then)
        .where(*asked.filters(item), has_moved_after(at), sa.or_(is_known, item.open_minor != 0))
    )


def has_moved_after(at: At) -> sa.ColumnElement[bool]:
    """Whether an item has a movement outside one of the bounds."""
    return sa.or_(_ITEM.c.last_on > at.as_of, _ITEM.c.last_at > at.as_known)


def _summed_by(at: At) -> sa.ColumnElement[int]:
    """The item's movements inside the bounds, zero where there is none."""
    item, movement = _ITEM.c, _MOVEMENT.c
    return (
        sa.select(sum_in(item.currency, movement.currency, movement.minor))
        .where(
            movement.tenant_id == item.tenant_id,
            movement.open_item_id == item.open_item_id,
            *happened_by(at, movement.effective_on, movement.recorded_at),
        )
        .correlate(_ITEM)
        .scalar_subquery()
    )


async def list_items(
    connection: AsyncConnection, asked: Asked, at: At, after: Sequence[str] | None, limit: int
) -> Sequence[Record]:
    """Open items by due date, those without one last."""
    found = items_then(asked, at).subquery("found")
    listed = sa.select(found).where(found.c.minor != 0)
    place = [found.c.listed_on, found.c.open_item_id]
    return await rows_after(connection, listed, place, after, limit)


async def find_item(
    connection: AsyncConnection, tenant_id: UUID, item_id: UUID, at: At
) -> Record | None:
    """The item, also a settled one. None: not known then."""
    item = _ITEM.c
    statement = sa.select(_ITEM).where(
        item.tenant_id == tenant_id,
        item.open_item_id == item_id,
        *happened_by(at, item.first_on, item.first_at),
    )
    return await one_row(connection, statement)


async def movements_of(
    connection: AsyncConnection, tenant_id: UUID, item_id: UUID, at: At
) -> Sequence[Record]:
    """The movements of an item inside the bounds, in their order."""
    movement = _MOVEMENT.c
    statement = (
        sa.select(_MOVEMENT)
        .where(
            movement.tenant_id == tenant_id,
            movement.open_item_id == item_id,
            *happened_by(at, movement.effective_on, movement.recorded_at),
        )
        .order_by(movement.version)
    )
    return (await connection.execute(statement)).mappings().all()


async def balances(
    connection: AsyncConnection, tenant_id: UUID, accounts: Sequence[UUID]
) -> Sequence[Record]:
    """Now: account_id, currency, what installments have open, and what is unallocated."""
    item = _ITEM.c
    found = sums_by(
        item.currency,
        sa.select(item.account_id)
        .where(item.tenant_id == tenant_id, item.account_id.in_(accounts))
        .group_by(item.account_id)
        .order_by(item.account_id, item.currency),
        owed=sa.case((item.kind == INSTALLMENT, item.open_minor), else_=0),
        given=sa.case((item.kind == UNALLOCATED, -item.open_minor), else_=0),
    )
    rows: Sequence[Record] = (await connection.execute(found)).mappings().all()
    return rows
