"""Who promised what, and has it come? Promises, and the cash of their accounts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dunning.contract.inbox import PaymentAllocated, PaymentReversed
from services.dunning.work.domain.promise.events import PromiseKept, PromiseMade
from services.dunning.work.domain.promise_keeping import (
    AllocatedCash,
    PromisedCash,
    PromisesAndCash,
)
from services.dunning.work.projections.notes import with_note
from shared.kernel.decider import CorruptHistory
from shared.kernel.envelope import Recorded
from shared.kernel.money import Money, total
from shared.platform.projector.keyset import Record, one_of, one_row, rows_after
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
    status: str  # open, kept
    currency: str
    amount_minor: int
    promised_on: date
    made_on: date
    recorded_at: datetime
    received_minor: int | None
    kept_on: date | None
    note_id: UUID | None
    version: int


@row(table="promised_cash", key=("tenant_id", "account_id", "allocation_id"))
@dataclass(frozen=True, slots=True, kw_only=True)
class CashRow:
    """An allocation; one taken back says since which place on the log."""

    tenant_id: UUID
    account_id: UUID
    allocation_id: UUID
    currency: str
    amount_minor: int
    value_on: date
    recorded_at: datetime
    log_offset: int
    taken_back_at_offset: int | None


def needs(batch: Sequence[Recorded[Any]]) -> Iterable[Need]:
    for recorded in batch:
        match recorded.event:
            case PromiseKept():
                yield Need(PromiseRow, (recorded.tenant_id, recorded.stream_id))
            case PaymentReversed() as event:
                for allocation in event.allocations:
                    yield Need(CashRow, (recorded.tenant_id, event.account_id, allocation.id))
            case _:
                pass  # Needs no row.


def fold(rows: Rows, batch: Sequence[Recorded[Any]]) -> Rows:
    for recorded in batch:
        match recorded.event:
            case PromiseMade() as event:
                rows.put(_promise(recorded, event))
            case PromiseKept() as event:
                _keep(rows, recorded, event)
            case PaymentAllocated() as event:
                _allocate(rows, recorded, event)
            case PaymentReversed() as event:
                _take_back(rows, recorded, event)
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
        recorded_at=recorded.recorded_at,
        received_minor=None,
        kept_on=None,
        note_id=event.note_id,
        version=recorded.version,
    )


def _keep(rows: Rows, recorded: Recorded[Any], event: PromiseKept) -> None:
    promise = rows.get(PromiseRow, (recorded.tenant_id, recorded.stream_id))
    if promise is None:
        raise CorruptHistory("a promise was kept that was never made")
    kept = replace(
        promise,
        status="kept",
        received_minor=event.received.minor,
        kept_on=recorded.effective_on,
        version=recorded.version,
    )
    rows.put(kept)


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
            log_offset=recorded.offset,
            taken_back_at_offset=None,
        )
        rows.put(cash)


def _take_back(rows: Rows, recorded: Recorded[Any], event: PaymentReversed) -> None:
    for allocation in event.allocations:
        cash = rows.get(CashRow, (recorded.tenant_id, event.account_id, allocation.id))
        if cash is None:
            raise CorruptHistory("an allocation was taken back that was never made")
        rows.put(replace(cash, taken_back_at_offset=recorded.offset))


READ_MODEL: Final = Projection(
    name="promises",
    subscribes_to=("ledger", "dunning"),
    rows=(PromiseRow, CashRow),
    needs=needs,
    fold=fold,
)


async def promises_and_cash(
    connection: AsyncConnection, recorded: Recorded[PaymentAllocated]
) -> PromisesAndCash:
    """The account's promises, and its cash up to this event and no further."""
    tenant_id, account_id = recorded.tenant_id, recorded.event.account_id
    promise, cash = table_of(PromiseRow), table_of(CashRow)
    promises = [
        PromiseRow(**row._mapping)
        for row in await connection.execute(
            sa.select(promise).where(
                promise.c.tenant_id == tenant_id, promise.c.account_id == account_id
            )
        )
    ]
    if all(row.status == "kept" for row in promises):
        return PromisesAndCash((), ())
    since = min(row.recorded_at for row in promises)
    allocations = await connection.execute(
        sa.select(cash).where(
            cash.c.tenant_id == tenant_id,
            cash.c.account_id == account_id,
            cash.c.recorded_at >= since,
            cash.c.log_offset <= recorded.offset,
            sa.or_(
                cash.c.taken_back_at_offset.is_(None),
                cash.c.taken_back_at_offset > recorded.offset,
            ),
        )
    )
    return PromisesAndCash(
        [_promised(row) for row in promises],
        [_allocated(CashRow(**row._mapping)) for row in allocations],
    )


async def promised_of(
    connection: AsyncConnection, tenant_id: UUID, account_id: UUID, currency: str, today: date
) -> tuple[Money, date | None]:
    """What is promised and may still come, and until when."""
    promise = table_of(PromiseRow)
    found = await connection.execute(
        sa.select(promise.c.amount_minor, promise.c.promised_on).where(
            promise.c.tenant_id == tenant_id,
            promise.c.account_id == account_id,
            promise.c.currency == currency,
            promise.c.status == "open",
            promise.c.promised_on >= today,
        )
    )
    rows = found.all()
    amounts = (Money(row.amount_minor, currency) for row in rows)
    return total(amounts, currency), max((row.promised_on for row in rows), default=None)


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
        recorded_at=row.recorded_at,
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
