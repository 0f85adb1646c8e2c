"""What a review of a case asks: the customer in one currency, as it is known now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dunning.accounts.domain.grades import grade_seen
from services.dunning.accounts.domain.listed_item import ListedItem
from services.dunning.accounts.projections.account_facts import (
    LegalEntityRow,
    OpenItemRow,
    account,
    entity_of,
    grades_before,
    owed_by,
    unallocated_of,
)
from services.dunning.strategies.domain.review import (
    LastNotice,
    OwedItem,
    ReachedStep,
    ReviewFacts,
)
from services.dunning.work.domain.case.commands import CaseItem
from services.dunning.work.domain.case.events import CaseReviewStarted, Step
from services.dunning.work.domain.review_facts import CaseFacts, HistoryStep
from services.dunning.work.projections.case_plan import CasePlanRow, CaseStepRow
from services.dunning.work.projections.promises import promised_of
from shared.kernel.decider import CorruptHistory
from shared.kernel.envelope import Recorded
from shared.kernel.money import Money, exponent
from shared.platform.projector.keyset import find, rows_of
from shared.platform.projector.rows import table_of

STEPS_MAX: Final = 20_000  # steps one review looks at; the most severe first
TAKEN_OVER_MAX: Final = 200  # of them items of a former book: each is an event and an alert


async def facts_of_review(
    connection: AsyncConnection, recorded: Recorded[CaseReviewStarted]
) -> CaseFacts:
    tenant_id, event, today = recorded.tenant_id, recorded.event, recorded.effective_on
    known = await account(connection, tenant_id, event.account_id)
    plan = await find(connection, CasePlanRow, tenant_id=tenant_id, case_id=recorded.stream_id)
    if known is None or plan is None:
        raise CorruptHistory("a review of a case that never noted a step")
    entity = await entity_of(connection, tenant_id, recorded.legal_entity)
    customer = (tenant_id, event.account_id, event.currency)
    owed = {row.open_item_id: row for row in await owed_by(connection, *customer)}
    case = (tenant_id, recorded.stream_id)
    steps = await _steps(connection, *case, is_history=False, limit=STEPS_MAX + 1)
    is_taken_over = entity.take_over_on is None or entity.take_over_on <= today
    limit = TAKEN_OVER_MAX + 1 if is_taken_over else None
    history = await _steps(connection, *case, is_history=True, limit=limit)
    promised, promised_until = await promised_of(connection, *customer, today)
    grades = await grades_before(connection, tenant_id, event.account_id, today)
    rules = ReviewFacts(
        today=today,
        grade=grade_seen(grades, today),
        reached=[_reached(row) for row in steps[:STEPS_MAX]],
        items=[owed_item(row) for row in owed.values()],
        unallocated=await unallocated_of(connection, *customer),
        promised=promised,
        promised_until=promised_until,
        minimum=_minimum(entity, event.currency),
        last_notice=_last_notice(plan),
    )
    return CaseFacts(
        rules=rules,
        history=_history(history[:TAKEN_OVER_MAX] if is_taken_over else history, steps, owed),
        take_over_on=entity.take_over_on,
        collector_id=known.collector_id,
        is_cut=len(steps) > STEPS_MAX or (is_taken_over and len(history) > TAKEN_OVER_MAX),
    )


async def _steps(
    connection: AsyncConnection,
    tenant_id: UUID,
    case_id: UUID,
    *,
    is_history: bool,
    limit: int | None,
) -> Sequence[CaseStepRow]:
    """The most severe first."""
    table = table_of(CaseStepRow)
    found = await connection.execute(
        sa.select(table)
        .where(
            table.c.tenant_id == tenant_id,
            table.c.case_id == case_id,
            table.c.is_history.is_(is_history),
        )
        .order_by(table.c.step.desc(), table.c.crossing_id)
        .limit(limit)
    )
    return rows_of(CaseStepRow, found)


def _reached(row: CaseStepRow) -> ReachedStep:
    return ReachedStep(
        crossing_id=row.crossing_id,
        open_item_id=row.open_item_id,
        step=row.step,
        reached_on=row.reached_on,
        is_returned=row.is_returned,
    )


def owed_item(row: OpenItemRow) -> OwedItem:
    """An open item as the rules see it."""
    item = ListedItem(
        open_item_id=row.open_item_id,
        invoice_number=row.invoice_number,
        installment=row.installment,
        due_on=row.due_on,
        open_amount=Money(row.open_minor, row.currency),
    )
    return OwedItem(item=item, latest_step=row.latest_step)


def _history(
    history: Sequence[CaseStepRow],
    reached: Sequence[CaseStepRow],
    owed: Mapping[UUID, OpenItemRow],
) -> Sequence[HistoryStep]:
    """An item is taken over once, at the step it is at now.

    Nothing is taken over that was paid meanwhile or has come further since: it is in the case.
    """
    taken = {row.open_item_id for row in reached}
    found: list[HistoryStep] = []
    for row in history:
        step = Step(crossing_id=row.crossing_id, open_item_id=row.open_item_id, step=row.step)
        item = owed.get(row.open_item_id)
        is_there = item is not None and item.latest_step == row.step
        is_new = is_there and row.open_item_id not in taken
        found.append(HistoryStep(step=step, owed=_item(item) if item and is_new else None))
        if is_new:
            taken.add(row.open_item_id)
    return found


def _item(row: OpenItemRow) -> CaseItem:
    return CaseItem(
        open_item_id=row.open_item_id,
        invoice_id=row.invoice_id,
        invoice_number=row.invoice_number,
        installment=row.installment,
        due_on=row.due_on,
        open_amount=Money(row.open_minor, row.currency),
    )


def _last_notice(plan: CasePlanRow) -> LastNotice | None:
    if plan.last_notice_on is None or plan.last_notice_step is None:
        return None
    return LastNotice(on=plan.last_notice_on, step=plan.last_notice_step)


def _minimum(entity: LegalEntityRow, currency: str) -> Money:
    """The entity's, in its currency; one unit of any other, since there are no rates."""
    if currency == entity.currency:
        return Money(entity.minimum_minor, currency)
    return Money(10 ** exponent(currency), currency)
