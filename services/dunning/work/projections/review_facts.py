"""What a review of a case asks: the customer in one currency, as it is known now."""

from __future__ import annotations

from collections.abc import Sequence
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
from services.dunning.work.domain.case.events import CaseReviewStarted
from services.dunning.work.domain.case.state import StepKey
from services.dunning.work.domain.review_facts import CaseFacts, HistoryStep
from services.dunning.work.projections.case_plan import CasePlanRow, CaseStepRow
from services.dunning.work.projections.promises import promised_of
from shared.kernel.decider import CorruptHistory
from shared.kernel.envelope import Recorded
from shared.kernel.money import Money, exponent
from shared.platform.projector.keyset import find
from shared.platform.projector.rows import table_of

STEPS_MAX: Final = 20_000  # steps one review looks at; the most severe first
TAKEN_OVER_MAX: Final = 400  # of them items of a former book: each is an event and an alert


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
    steps = await _steps(connection, tenant_id, recorded.stream_id, is_history=False)
    history = await _steps(connection, tenant_id, recorded.stream_id, is_history=True)
    promised, promised_until = await promised_of(connection, *customer, today)
    grades = await grades_before(connection, tenant_id, event.account_id, today)
    rules = ReviewFacts(
        today=today,
        grade=grade_seen(grades, today),
        reached=[_reached(row) for row in steps[:STEPS_MAX]],
        items=[OwedItem(item=_listed(row), latest_step=row.latest_step) for row in owed.values()],
        unallocated=await unallocated_of(connection, *customer),
        promised=promised,
        promised_until=promised_until,
        minimum=_minimum(entity, event.currency),
        last_notice=_last_notice(plan),
    )
    return CaseFacts(
        rules=rules,
        history=[_history(row, owed.get(row.open_item_id)) for row in history[:TAKEN_OVER_MAX]],
        take_over_on=entity.take_over_on,
        collector_id=known.collector_id,
        is_cut=len(steps) > STEPS_MAX or len(history) > TAKEN_OVER_MAX,
    )


async def _steps(
    connection: AsyncConnection, tenant_id: UUID, case_id: UUID, *, is_history: bool
) -> Sequence[CaseStepRow]:
    table = table_of(CaseStepRow)
    limit = TAKEN_OVER_MAX if is_history else STEPS_MAX
    found = await connection.execute(
        sa.select(table)
        .where(
            table.c.tenant_id == tenant_id,
            table.c.case_id == case_id,
            table.c.is_history.is_(is_history),
        )
        .order_by(table.c.step.desc(), table.c.open_item_id)
        .limit(limit + 1)
    )
    return [CaseStepRow(**row._mapping) for row in found]


def _reached(row: CaseStepRow) -> ReachedStep:
    return ReachedStep(
        open_item_id=row.open_item_id,
        step=row.step,
        reached_on=row.reached_on,
        is_returned=row.is_returned,
    )


def _listed(row: OpenItemRow) -> ListedItem:
    return ListedItem(
        open_item_id=row.open_item_id,
        invoice_number=row.invoice_number,
        installment=row.installment,
        due_on=row.due_on,
        open_amount=Money(row.open_minor, row.currency),
    )


def _history(row: CaseStepRow, owed: OpenItemRow | None) -> HistoryStep:
    """Of an item that was paid meanwhile, or whose overdue was cured, nothing is taken over."""
    is_overdue = owed is not None and owed.latest_step is not None and owed.latest_step > 0
    return HistoryStep(
        key=StepKey(row.open_item_id, row.step),
        crossing_id=row.crossing_id,
        owed=_item(owed) if owed is not None and is_overdue else None,
    )


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
    if currency == entity.minimum_currency:
        return Money(entity.minimum_minor, currency)
    return Money(10 ** exponent(currency), currency)
