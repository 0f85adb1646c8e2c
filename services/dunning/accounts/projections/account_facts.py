"""What do we know of an account? Small copies of ledger's and credit's words; no decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dunning.accounts.domain.grades import GradeOnDay
from services.dunning.accounts.projections.overdue_amounts import (
    OverdueRow,
    move_overdue,
    need_overdue,
)
from services.dunning.contract.inbox import (
    AccountCollectorChanged,
    AccountOpened,
    CreditFileGradeChanged,
    Installment,
    InvoiceBecameOverdue,
    InvoiceCanceled,
    InvoiceDaysPastDueReached,
    InvoiceDueDateApproached,
    InvoiceIssued,
    InvoiceOverdueCured,
    InvoicePaymentApplied,
    InvoicePaymentUnapplied,
    LegalEntityRegistered,
    PaymentAllocated,
    PaymentReceived,
    PaymentReversed,
    TakeOverDateChanged,
)
from shared.kernel.decider import CorruptHistory
from shared.kernel.envelope import Recorded
from shared.kernel.money import Money, total
from shared.kernel.rejections import UnknownAccount
from shared.platform.projector.keyset import find, rows_of
from shared.platform.projector.port import Need, Projection, Rows
from shared.platform.projector.rows import Index, row, table_of
from shared.platform.reactor.facts import FactsBehind


@row(table="known_account", key=("tenant_id", "account_id"))
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    tenant_id: UUID
    account_id: UUID
    legal_entity: str
    number: str
    time_zone: str
    currency: str
    collector_id: UUID | None


@row(table="known_grade", key=("tenant_id", "account_id", "effective_on"))
@dataclass(frozen=True, slots=True, kw_only=True)
class GradeRow:
    tenant_id: UUID
    account_id: UUID
    effective_on: date
    grade: str


@row(table="known_legal_entity", key=("tenant_id", "legal_entity"))
@dataclass(frozen=True, slots=True, kw_only=True)
class LegalEntityRow:
    tenant_id: UUID
    legal_entity: str
    take_over_on: date | None
    currency: str
    minimum_minor: int  # Below it no notice is written.


@row(
    table="known_payment",
    key=("tenant_id", "payment_id"),
    indexes=(Index(("tenant_id", "account_id", "currency")),),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRow:
    """A payment with money that is allocated to nothing; others are not kept."""

    tenant_id: UUID
    payment_id: UUID
    account_id: UUID
    currency: str
    unallocated_minor: int


@row(
    table="known_open_item",
    key=("tenant_id", "open_item_id"),
    indexes=(Index(("tenant_id", "account_id", "currency", "latest_step")),),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItemRow:
    """An installment with a due date; closed ones stay, with nothing open."""

    tenant_id: UUID
    open_item_id: UUID
    account_id: UUID
    invoice_id: UUID
    invoice_number: str
    installment: int
    due_on: date
    currency: str
    open_minor: int
    latest_step: int | None  # The highest threshold reached while it is open; None: none yet.


def needs(batch: Sequence[Recorded[Any]]) -> Iterable[Need]:
    for recorded in batch:
        match recorded.event:
            case AccountCollectorChanged(account_id=id):
                yield Need(AccountRow, (recorded.tenant_id, id))
            case TakeOverDateChanged(code=code):
                yield Need(LegalEntityRow, (recorded.tenant_id, code))
            case InvoiceCanceled(installments=items):
                yield need_overdue(recorded)
                for each in items:
                    yield Need(OpenItemRow, (recorded.tenant_id, each.open_item_id))
            case (
                InvoicePaymentApplied(open_item_id=item)
                | InvoicePaymentUnapplied(open_item_id=item)
                | InvoiceDueDateApproached(open_item_id=item)
                | InvoiceBecameOverdue(open_item_id=item)
                | InvoiceDaysPastDueReached(open_item_id=item)
                | InvoiceOverdueCured(open_item_id=item)
            ):
                yield need_overdue(recorded)
                yield Need(OpenItemRow, (recorded.tenant_id, item))
            case _:
                pass  # Needs no row.


def fold(rows: Rows, batch: Sequence[Recorded[Any]]) -> Rows:
    for recorded in batch:
        match recorded.event:
            case LegalEntityRegistered() as event:
                rows.put(_entity(recorded, event))
            case TakeOverDateChanged() as event:
                _take_over(rows, recorded, event)
            case AccountOpened() | AccountCollectorChanged() as event:
                rows.put(_account(rows, recorded, event))
            case CreditFileGradeChanged() as event:
                rows.put(_grade(recorded, event))
            case PaymentReceived() | PaymentAllocated() as event:
                _receive(rows, recorded, event)
            case PaymentReversed():
                rows.drop(PaymentRow, (recorded.tenant_id, recorded.stream_id))
            case _:
                _fold_item(rows, recorded)
    return rows


def _fold_item(rows: Rows, recorded: Recorded[Any]) -> None:
    """What happens to an invoice, for each of its installments."""
    match recorded.event:
        case InvoiceIssued() as event:
            for each in event.installments:
                if each.due_on is not None:
                    rows.put(_item(recorded, event, each, each.due_on))
        case InvoiceCanceled() as event:
            for each in event.installments:
                _change(rows, recorded, each.open_item_id, _open(Money.zero(each.amount.currency)))
        case InvoicePaymentApplied() | InvoicePaymentUnapplied() as event:
            _change(rows, recorded, event.open_item_id, _open(event.open_amount))
        case (
            InvoiceDueDateApproached()
            | InvoiceBecameOverdue()
            | InvoiceDaysPastDueReached() as event
        ):
            _change(rows, recorded, event.open_item_id, _at(event.threshold_days))
        case InvoiceOverdueCured() as event:
            _change(rows, recorded, event.open_item_id, _at(None))
        case _:
            pass  # Of another read model.


def _entity(recorded: Recorded[Any], event: LegalEntityRegistered) -> LegalEntityRow:
    return LegalEntityRow(
        tenant_id=recorded.tenant_id,
        legal_entity=event.code,
        take_over_on=event.take_over_on,
        currency=event.notice_minimum.currency,
        minimum_minor=event.notice_minimum.minor,
    )


def _take_over(rows: Rows, recorded: Recorded[Any], event: TakeOverDateChanged) -> None:
    entity = rows.get(LegalEntityRow, (recorded.tenant_id, event.code))
    if entity is None:
        raise CorruptHistory("a take-over date of a legal entity that was never registered")
    rows.put(replace(entity, take_over_on=event.take_over_on))


def _account(
    rows: Rows, recorded: Recorded[Any], event: AccountOpened | AccountCollectorChanged
) -> AccountRow:
    if isinstance(event, AccountCollectorChanged):
        known = rows.get(AccountRow, (recorded.tenant_id, event.account_id))
        if known is None:
            raise LookupError(f"{recorded.type} of an account that is not there")
        return replace(known, collector_id=event.collector_id)
    return AccountRow(
        tenant_id=recorded.tenant_id,
        account_id=event.account_id,
        legal_entity=recorded.legal_entity,
        number=event.number,
        time_zone=event.time_zone,
        currency=event.currency,
        collector_id=event.collector_id,
    )


def _grade(recorded: Recorded[Any], event: CreditFileGradeChanged) -> GradeRow:
    return GradeRow(
        tenant_id=recorded.tenant_id,
        account_id=event.account_id,
        effective_on=recorded.effective_on,
        grade=event.to_grade,
    )


def _receive(
    rows: Rows, recorded: Recorded[Any], event: PaymentReceived | PaymentAllocated
) -> None:
    left = event.amount if isinstance(event, PaymentReceived) else event.unallocated_amount
    if left.minor == 0:
        rows.drop(PaymentRow, (recorded.tenant_id, recorded.stream_id))
        return
    rows.put(
        PaymentRow(
            tenant_id=recorded.tenant_id,
            payment_id=recorded.stream_id,
            account_id=event.account_id,
            currency=left.currency,
            unallocated_minor=left.minor,
        )
    )


def _item(
    recorded: Recorded[Any], event: InvoiceIssued, item: Installment, due_on: date
) -> OpenItemRow:
    return OpenItemRow(
        tenant_id=recorded.tenant_id,
        open_item_id=item.open_item_id,
        account_id=event.account_id,
        invoice_id=recorded.stream_id,
        invoice_number=event.number,
        installment=item.installment,
        due_on=due_on,
        currency=item.amount.currency,
        open_minor=item.amount.minor,
        latest_step=None,
    )


Change = Callable[[OpenItemRow], OpenItemRow]


def _change(rows: Rows, recorded: Recorded[Any], open_item_id: UUID, change: Change) -> None:
    row = rows.get(OpenItemRow, (recorded.tenant_id, open_item_id))
    if row is not None:  # Without a due date nobody is reminded of it.
        changed = change(row)
        rows.put(changed)
        move_overdue(rows, recorded, before=_overdue_of(row), after=_overdue_of(changed))


def _overdue_of(row: OpenItemRow) -> Money:
    """What is open of an item that has reached a threshold past its due date."""
    is_overdue = row.latest_step is not None and row.latest_step > 0
    return Money(row.open_minor if is_overdue else 0, row.currency)


def _open(amount: Money) -> Change:
    return lambda row: replace(row, open_minor=amount.minor)


def _at(step: int | None) -> Change:
    return lambda row: replace(row, latest_step=step)


READ_MODEL: Final = Projection(
    name="account_facts",
    subscribes_to=("ledger", "credit"),
    rows=(LegalEntityRow, AccountRow, GradeRow, PaymentRow, OpenItemRow, OverdueRow),
    needs=needs,
    fold=fold,
)


async def account(
    connection: AsyncConnection, tenant_id: UUID, account_id: UUID
) -> AccountRow | None:
    return await find(connection, AccountRow, tenant_id=tenant_id, account_id=account_id)


async def known_account(
    connection: AsyncConnection, tenant_id: UUID, account_id: UUID
) -> AccountRow:
    """The account a request means. Raises UnknownAccount."""
    known = await account(connection, tenant_id, account_id)
    if known is None:
        raise UnknownAccount("/account")
    return known


async def zone_of_account(connection: AsyncConnection, recorded: Recorded[Any]) -> str:
    """The time zone in which the account of an event has its days."""
    known = await account(connection, recorded.tenant_id, recorded.event.account_id)
    if known is None:
        raise CorruptHistory("an event of an account that was never opened")
    return known.time_zone


async def entity_of(
    connection: AsyncConnection, tenant_id: UUID, legal_entity: str
) -> LegalEntityRow:
    """Raises FactsBehind: its events stand in another partition and may not be here yet."""
    known = await find(connection, LegalEntityRow, tenant_id=tenant_id, legal_entity=legal_entity)
    if known is None:
        raise FactsBehind(f"legal entity {legal_entity}")
    return known


async def items_of_account(
    connection: AsyncConnection, tenant_id: UUID, account_id: UUID, open_item_ids: Sequence[UUID]
) -> frozenset[UUID]:
    """Which of these items are the account's."""
    table = table_of(OpenItemRow)
    found = await connection.execute(
        sa.select(table.c.open_item_id).where(
            table.c.tenant_id == tenant_id,
            table.c.account_id == account_id,
            table.c.open_item_id.in_(open_item_ids),
        )
    )
    return frozenset(found.scalars())


async def owed_by(
    connection: AsyncConnection, tenant_id: UUID, account_id: UUID, currency: str
) -> Sequence[OpenItemRow]:
    """The account's items with a due date of which something is open now."""
    table = table_of(OpenItemRow)
    found = await connection.execute(
        sa.select(table).where(
            table.c.tenant_id == tenant_id,
            table.c.account_id == account_id,
            table.c.currency == currency,
            table.c.open_minor > 0,
        )
    )
    return rows_of(OpenItemRow, found)


async def unallocated_of(
    connection: AsyncConnection, tenant_id: UUID, account_id: UUID, currency: str
) -> Money:
    """Money the customer has paid that is given to no invoice."""
    table = table_of(PaymentRow)
    found = await connection.execute(
        sa.select(table.c.unallocated_minor).where(
            table.c.tenant_id == tenant_id,
            table.c.account_id == account_id,
            table.c.currency == currency,
        )
    )
    return total((Money(minor, currency) for minor in found.scalars()), currency)


async def grades_before(
    connection: AsyncConnection, tenant_id: UUID, account_id: UUID, day: date
) -> Sequence[GradeOnDay]:
    grade = table_of(GradeRow)
    found = await connection.execute(
        sa.select(grade.c.effective_on, grade.c.grade).where(
            grade.c.tenant_id == tenant_id,
            grade.c.account_id == account_id,
            grade.c.effective_on < day,
        )
    )
    return tuple(GradeOnDay(*row) for row in found)
