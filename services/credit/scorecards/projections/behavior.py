"""How did an account pay? Its invoices and allocations, dated, so that any day can be asked.

A row is written once; what undoes it is noted in it with its own day and instant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.contract import inbox
from services.credit.scorecards.domain.behavior import Allocation, Histories, History, Invoice
from shared.kernel.decider import expect
from shared.kernel.envelope import Recorded
from shared.kernel.money import Money
from shared.platform.projector.keyset import rows_of
from shared.platform.projector.port import Need, Projection, Rows
from shared.platform.projector.rows import row, table_of

R = TypeVar("R")


@row(table="behavior_invoice", key=("tenant_id", "account_id", "open_item_id"))
@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviorInvoiceRow:
    tenant_id: UUID
    account_id: UUID
    open_item_id: UUID
    currency: str
    total_minor: int
    issued_on: date
    due_on: date | None
    effective_on: date
    recorded_at: datetime
    canceled_on: date | None
    cancel_recorded_at: datetime | None


@row(table="behavior_allocation", key=("tenant_id", "account_id", "allocation_id"))
@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviorAllocationRow:
    tenant_id: UUID
    account_id: UUID
    allocation_id: UUID
    open_item_id: UUID
    currency: str
    amount_minor: int
    value_on: date
    due_on: date | None
    effective_on: date
    recorded_at: datetime
    unapplied_on: date | None
    unapply_recorded_at: datetime | None


behavior_invoice: Final = table_of(BehaviorInvoiceRow)

behavior_allocation: Final = table_of(BehaviorAllocationRow)


def needs(events: Sequence[Recorded[Any]]) -> Iterable[Need]:
    for recorded in events:
        event = recorded.event
        if isinstance(event, inbox.InvoiceCanceled):
            for each in event.installments:
                yield Need(
                    BehaviorInvoiceRow, (recorded.tenant_id, event.account_id, each.open_item_id)
                )
        elif isinstance(event, inbox.InvoicePaymentUnapplied):
            yield Need(
                BehaviorAllocationRow, (recorded.tenant_id, event.account_id, event.allocation_id)
            )


def fold(rows: Rows, events: Sequence[Recorded[Any]]) -> Rows:
    for recorded in events:
        match recorded.event:
            case inbox.InvoiceIssued():
                for each in recorded.event.installments:
                    rows.put(_issued(recorded, each))
            case inbox.InvoiceCanceled() as event:
                for each in event.installments:
                    key = (recorded.tenant_id, event.account_id, each.open_item_id)
                    invoice = rows.get(BehaviorInvoiceRow, key)
                    rows.put(
                        replace(
                            expect(invoice, BehaviorInvoiceRow),
                            canceled_on=recorded.effective_on,
                            cancel_recorded_at=recorded.recorded_at,
                        )
                    )
            case inbox.InvoicePaymentApplied():
                rows.put(_applied(recorded))
            case inbox.InvoicePaymentUnapplied() as event:
                key = (recorded.tenant_id, event.account_id, event.allocation_id)
                allocation = rows.get(BehaviorAllocationRow, key)
                rows.put(
                    replace(
                        expect(allocation, BehaviorAllocationRow),
                        unapplied_on=recorded.effective_on,
                        unapply_recorded_at=recorded.recorded_at,
                    ),
                )
            case _:
                pass  # Says nothing of how anybody paid.
    return rows


READ_MODEL: Final = Projection(
    "behavior", ("ledger",), (BehaviorInvoiceRow, BehaviorAllocationRow), needs, fold
)


async def histories_of(
    connection: AsyncConnection, account: tuple[UUID, UUID], currency: str, as_known: datetime
) -> Histories:
    """All of one account (tenant, id) that was recorded up to the instant, currency by currency.

    `currency` is the account's; days are left to the domain.
    """
    invoices: dict[str, list[Invoice]] = {}
    allocations: dict[str, list[Allocation]] = {}
    for issued in await _known(connection, BehaviorInvoiceRow, account, as_known):
        invoices.setdefault(issued.currency, []).append(_invoice_as_known(issued, as_known))
    for given in await _known(connection, BehaviorAllocationRow, account, as_known):
        allocations.setdefault(given.currency, []).append(_allocation_as_known(given, as_known))
    found = {
        each: History(each, invoices.get(each, ()), allocations.get(each, ()))
        for each in sorted({currency, *invoices, *allocations})
    }
    return Histories(found.pop(currency), list(found.values()))


async def _known(
    connection: AsyncConnection, rows: type[R], account: tuple[UUID, UUID], as_known: datetime
) -> Sequence[R]:
    table = table_of(rows)
    columns = table.c
    found = await connection.execute(
        sa.select(table).where(
            columns.tenant_id == account[0],
            columns.account_id == account[1],
            columns.recorded_at <= as_known,
        )
    )
    return rows_of(rows, found)


def _issued(recorded: Recorded[inbox.InvoiceIssued], item: inbox.Installment) -> BehaviorInvoiceRow:
    event = recorded.event
    return BehaviorInvoiceRow(
        tenant_id=recorded.tenant_id,
        account_id=event.account_id,
        open_item_id=item.open_item_id,
        currency=item.amount.currency,
        total_minor=item.amount.minor,
        issued_on=event.issued_on,
        due_on=item.due_on,
        effective_on=recorded.effective_on,
        recorded_at=recorded.recorded_at,
        canceled_on=None,
        cancel_recorded_at=None,
    )


def _applied(recorded: Recorded[inbox.InvoicePaymentApplied]) -> BehaviorAllocationRow:
    event = recorded.event
    return BehaviorAllocationRow(
        tenant_id=recorded.tenant_id,
        account_id=event.account_id,
        allocation_id=event.allocation_id,
        open_item_id=event.open_item_id,
        currency=event.amount.currency,
        amount_minor=event.amount.minor,
        value_on=event.value_on,
        due_on=event.due_on,
        effective_on=recorded.effective_on,
        recorded_at=recorded.recorded_at,
        unapplied_on=None,
        unapply_recorded_at=None,
    )


def _invoice_as_known(row: BehaviorInvoiceRow, as_known: datetime) -> Invoice:
    is_known = row.cancel_recorded_at is not None and row.cancel_recorded_at <= as_known
    return Invoice(
        open_item_id=row.open_item_id,
        amount=Money(row.total_minor, row.currency),
        issued_on=row.issued_on,
        due_on=row.due_on,
        effective_on=row.effective_on,
        canceled_on=row.canceled_on if is_known else None,
    )


def _allocation_as_known(row: BehaviorAllocationRow, as_known: datetime) -> Allocation:
    is_known = row.unapply_recorded_at is not None and row.unapply_recorded_at <= as_known
    return Allocation(
        open_item_id=row.open_item_id,
        amount=Money(row.amount_minor, row.currency),
        value_on=row.value_on,
        due_on=row.due_on,
        effective_on=row.effective_on,
        unapplied_on=row.unapplied_on if is_known else None,
    )
