"""Who promised what, and has it come? Promises, and the cash of their accounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dunning.contract.inbox import PaymentAllocated, PaymentReversed
from services.dunning.work.domain.promise.events import (
    PromiseBroken,
    PromiseDayPassed,
    PromiseKept,
    PromiseMade,
    PromiseReopened,
)
from services.dunning.work.domain.promise_keeping import (
    AllocatedCash,
    PromisedCash,
    ReceivedCash,
    counts_from,
    received_in_time,
)
from services.dunning.work.projections.notes import with_note
from shared.kernel.decider import CorruptHistory
from shared.kernel.envelope import Recorded
from shared.kernel.money import Money, total
from shared.platform.projector.keyset import Record, one_of, one_row, rows_after, rows_of
from shared.platform.projector.port import Need, Projection, Rows
from shared.platform.projector.rows import Index, row, table_of


@row(
    table="promise",
    key=("tenant_id", "id"),
    indexes=(
        Index(("tenant_id", "promised_on", "id")),
        Index(("tenant_id", "account_id")),
    ),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseRow:
    tenant_id: UUID
    id: UUID
    account_id: UUID
    account_number: str
    legal_entity: str
    number: str
    status: str  # open, kept, broken
    currency: str
    amount_minor: int
    promised_on: date
    made_on: date
    counts_from: datetime  # What is recorded from then on may count for it.
    received_minor: int | None  # In time, when it was kept or broken.
    kept_on: date | None
    broken_on: date | None
    note_id: UUID | None
    version: int


@row(table="promised_cash", key=("tenant_id", "account_id", "allocation_id"))
@dataclass(frozen=True, slots=True, kw_only=True)
class CashRow:
    """An allocation that was not taken back."""

    tenant_id: UUID
    account_id: UUID
    allocation_id: UUID
    currency: str
    amount_minor: int
    value_on: date
    recorded_at: datetime


def needs(batch: Sequence[Recorded[Any]]) -> Iterable[Need]:
    for recorded in batch:
        match recorded.event:
            case PromiseDayPassed() | PromiseKept() | PromiseBroken() | PromiseReopened():
                yield Need(PromiseRow, (recorded.tenant_id, recorded.stream_id))
            case _:
                pass  # Needs no row.


def fold(rows: Rows, batch: Sequence[Recorded[Any]]) -> Rows:
    for recorded in batch:
        match recorded.event:
            case PromiseMade() as event:
                rows.put(_promise(recorded, event))
            case PromiseDayPassed():
                rows.put(replace(_known(rows, recorded), version=recorded.version))
            case PromiseKept(received=received):
                _end(rows, recorded, received, kept_on=recorded.effective_on)
            case PromiseBroken(received=received):
                _end(rows, recorded, received, broken_on=recorded.effective_on)
            case PromiseReopened():
                _end(rows, recorded, None)
            case PaymentAllocated() as event:
                _allocate(rows, recorded, event)
            case PaymentReversed() as event:
                for allocation in event.allocations:
                    rows.drop(CashRow, (recorded.tenant_id, event.account_id, allocation.id))
            case _:
                pass  # Of another read model.
    return rows


def _promise(recorded: Recorded[Any], event: PromiseMade) -> PromiseRow:
    return PromiseRow(
        tenant_id=recorded.tenant_id,
        id=recorded.stream_id,
        account_id=event.account_id,
        account_number=event.account_number,
        legal_entity=recorded.legal_entity,
        number=event.number,
        status="open",
        currency=event.amount.currency,
        amount_minor=event.amount.minor,
        promised_on=event.promised_on,
        made_on=event.made_on,
        counts_from=counts_from(
            made_on=event.made_on, recorded_at=recorded.recorded_at, time_zone=event.time_zone
        ),
        received_minor=None,
        kept_on=None,
        broken_on=None,
        note_id=event.note_id,
        version=recorded.version,
    )


def _known(rows: Rows, recorded: Recorded[Any]) -> PromiseRow:
    promise = rows.get(PromiseRow, (recorded.tenant_id, recorded.stream_id))
    if promise is None:
        raise CorruptHistory("an event of a promise that was never made")
    return promise


def _end(
    rows: Rows,
    recorded: Recorded[Any],
    received: Money | None,
    *,
    kept_on: date | None = None,
    broken_on: date | None = None,
) -> None:
    """It is kept, broken, or without either open again."""
    ended = replace(
        _known(rows, recorded),
        status="kept" if kept_on else "broken" if broken_on else "open",
        received_minor=None if received is None else received.minor,
        kept_on=kept_on,
        broken_on=broken_on,
        version=recorded.version,
    )
    rows.put(ended)


def _allocate(rows: Rows, recorded: Recorded[Any], event: PaymentAllocated) -> None:
    for allocation in event.allocations:
        cash = CashRow(
            tenant_id=recorded.tenant_id,
            account_id=event.account_id,
            allocation_id=allocation.id,
            currency=allocation.amount.currency,
            amount_minor=allocation.amount.minor,
            value_on=event.value_on,
            recorded_at=recorded.recorded_at,
        )
        rows.put(cash)


READ_MODEL: Final = Projection(
    name="promises",
    subscribes_to=("ledger", "dunning"),
    rows=(PromiseRow, CashRow),
    needs=needs,
    fold=fold,
)


Occasion = PaymentAllocated | PaymentReversed | PromiseMade | PromiseDayPassed


async def cash_of_promises(
    connection: AsyncConnection, events: Sequence[Recorded[Occasion]]
) -> Mapping[UUID, Sequence[ReceivedCash]]:
    """What the promises of each event's account have received, as it is known now; by event.

    Of a payment only those for which its value date is in time: it changes no other.
    """
    accounts = {(each.tenant_id, each.event.account_id) for each in events}
    received = {of: await _received(connection, *of) for of in accounts}
    return {
        each.id: _concerned(each.event, received[each.tenant_id, each.event.account_id])
        for each in events
    }


def _concerned(event: Occasion, received: Sequence[ReceivedCash]) -> Sequence[ReceivedCash]:
    if isinstance(event, PaymentAllocated | PaymentReversed):
        return [row for row in received if event.value_on <= row.promise.promised_on]
    return received


async def _received(
    connection: AsyncConnection, tenant_id: UUID, account_id: UUID
) -> Sequence[ReceivedCash]:
    promise, cash = table_of(PromiseRow), table_of(CashRow)
    made = await connection.execute(
        sa.select(promise).where(
            promise.c.tenant_id == tenant_id, promise.c.account_id == account_id
        )
    )
    promises = [_promised(row) for row in rows_of(PromiseRow, made)]
    if not promises:
        return ()
    allocations = await connection.execute(
        sa.select(cash).where(
            cash.c.tenant_id == tenant_id,
            cash.c.account_id == account_id,
            cash.c.recorded_at >= min(row.counts_from for row in promises),
            cash.c.value_on <= max(row.promised_on for row in promises),
        )
    )
    return received_in_time(promises, [_allocated(row) for row in rows_of(CashRow, allocations)])


async def promised_of(
    connection: AsyncConnection, tenant_id: UUID, account_id: UUID, currency: str, today: date
) -> tuple[Money, date | None]:
    """What is promised and may still come, and until when all of it is."""
    left = [
        (row.promise.promised_on, row.promise.amount - row.received)
        for row in await _received(connection, tenant_id, account_id)
        if row.promise.amount.currency == currency
        and row.promise.promised_on >= today
        and not row.is_reached
    ]
    until = min((promised_on for promised_on, _ in left), default=None)
    return total((amount for _, amount in left), currency), until


async def open_promises(
    connection: AsyncConnection, tenant_id: UUID, accounts: Sequence[UUID]
) -> Sequence[Record]:
    """Of these accounts the open promise due first in each currency, and how many are open."""
    of = table_of(PromiseRow).c
    whose = (of.account_id, of.currency)
    found = await connection.execute(
        sa.select(
            *(of.account_id, of.currency, of.id, of.number, of.amount_minor, of.promised_on),
            sa.func.count().over(partition_by=whose).label("count"),
        )
        .where(of.tenant_id == tenant_id, of.account_id.in_(accounts), of.status == "open")
        .ext(distinct_on(*whose))
        .order_by(*whose, of.promised_on, of.id)
    )
    return found.mappings().all()


def _promised(row: PromiseRow) -> PromisedCash:
    return PromisedCash(
        id=row.id,
        amount=Money(row.amount_minor, row.currency),
        promised_on=row.promised_on,
        counts_from=row.counts_from,
        is_kept=row.status == "kept",
    )


def _allocated(row: CashRow) -> AllocatedCash:
    return AllocatedCash(
        id=row.allocation_id,
        amount=Money(row.amount_minor, row.currency),
        value_on=row.value_on,
        recorded_at=row.recorded_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which promises; None: all."""

    status: Sequence[str] | None = None
    account_id: Sequence[UUID] | None = None
    promised_on: Sequence[date] | None = None
    number: Sequence[str] | None = None


async def list_promises(
    connection: AsyncConnection,
    tenant_id: UUID,
    asked: Asked,
    after: Sequence[str] | None,
    limit: int,
) -> Sequence[Record]:
    """By the day they are promised for, with what was said."""
    table = table_of(PromiseRow)
    of = table.c
    found = with_note(table, tenant_id).where(*one_of(of, asdict(asked)))
    return await rows_after(connection, found, [of.promised_on, of.id], after, limit)


async def find_promise(
    connection: AsyncConnection, tenant_id: UUID, promise_id: UUID
) -> Record | None:
    table = table_of(PromiseRow)
    return await one_row(connection, with_note(table, tenant_id).where(table.c.id == promise_id))
