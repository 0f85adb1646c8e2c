"""What waits to be decided about a customer in a currency, and what was sent last?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dunning.accounts.projections.account_facts import AccountRow
from services.dunning.contract.inbox import TakeOverDateChanged
from services.dunning.work.domain.case.events import (
    CaseReviewed,
    CaseReviewMoved,
    CaseReviewStarted,
    CaseStepPassedOver,
    CaseStepReached,
    CaseStepTaken,
)
from shared.kernel.decider import CorruptHistory
from shared.kernel.envelope import Recorded
from shared.platform.projector.port import Need, Projection, Rows
from shared.platform.projector.rows import row, table_of


@row(table="case_plan", key=("tenant_id", "case_id"))
@dataclass(frozen=True, slots=True, kw_only=True)
class CasePlanRow:
    tenant_id: UUID
    case_id: UUID
    account_id: UUID
    currency: str
    review_at: datetime | None  # When what waits is looked at; None: nothing waits.
    last_notice_on: date | None
    last_notice_step: int | None


@row(table="case_step", key=("tenant_id", "case_id", "crossing_id"))
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStepRow:
    """A threshold an item has reached, about which nothing is done yet."""

    tenant_id: UUID
    case_id: UUID
    crossing_id: UUID
    open_item_id: UUID
    step: int
    reached_on: date
    is_returned: bool
    is_history: bool


def needs(batch: Sequence[Recorded[Any]]) -> Iterable[Need]:
    for recorded in batch:
        if isinstance(
            recorded.event,
            CaseStepReached | CaseStepTaken | CaseReviewed | CaseReviewMoved | CaseReviewStarted,
        ):
            yield Need(CasePlanRow, (recorded.tenant_id, recorded.stream_id))


def fold(rows: Rows, batch: Sequence[Recorded[Any]]) -> Rows:
    for recorded in batch:
        tenant, case = recorded.tenant_id, recorded.stream_id
        match recorded.event:
            case CaseStepReached() as event:
                _reached(rows, recorded, event)
            case CaseStepPassedOver(steps=steps):
                for one in steps:
                    rows.drop(CaseStepRow, (tenant, case, one.crossing_id))
            case CaseStepTaken() as event:
                _taken(rows, recorded, event)
            case CaseReviewStarted():
                rows.put(replace(_plan(rows, recorded), review_at=None))
            case CaseReviewed(review_at=at) | CaseReviewMoved(review_at=at):
                rows.put(replace(_plan(rows, recorded), review_at=at))
            case _:
                pass  # Of another read model.
    return rows


def _reached(rows: Rows, recorded: Recorded[Any], event: CaseStepReached) -> None:
    tenant, case = recorded.tenant_id, recorded.stream_id
    known = rows.get(CasePlanRow, (tenant, case)) or CasePlanRow(
        tenant_id=tenant,
        case_id=case,
        account_id=event.account_id,
        currency=event.currency,
        review_at=None,
        last_notice_on=None,
        last_notice_step=None,
    )
    rows.put(replace(known, review_at=event.review_at))
    rows.put(
        CaseStepRow(
            tenant_id=tenant,
            case_id=case,
            crossing_id=event.crossing_id,
            open_item_id=event.open_item_id,
            step=event.step,
            reached_on=event.reached_on,
            is_returned=event.is_returned,
            is_history=event.is_history,
        )
    )


def _taken(rows: Rows, recorded: Recorded[Any], event: CaseStepTaken) -> None:
    for one in event.steps:
        rows.drop(CaseStepRow, (recorded.tenant_id, recorded.stream_id, one.crossing_id))
    if event.notices:
        plan = replace(
            _plan(rows, recorded), last_notice_on=event.taken_on, last_notice_step=event.step
        )
        rows.put(plan)


def _plan(rows: Rows, recorded: Recorded[Any]) -> CasePlanRow:
    plan = rows.get(CasePlanRow, (recorded.tenant_id, recorded.stream_id))
    if plan is None:
        raise CorruptHistory("a review of a case that never noted a step")
    return plan


READ_MODEL: Final = Projection(
    name="case_plan",
    subscribes_to=("dunning",),
    rows=(CasePlanRow, CaseStepRow),
    needs=needs,
    fold=fold,
)


async def cases_waiting(
    connection: AsyncConnection, recorded: Recorded[TakeOverDateChanged]
) -> Sequence[UUID]:
    """The cases of the legal entity in which something waits for its take-over date."""
    plan, step, account = table_of(CasePlanRow), table_of(CaseStepRow), table_of(AccountRow)
    is_history = sa.exists().where(
        step.c.tenant_id == plan.c.tenant_id,
        step.c.case_id == plan.c.case_id,
        step.c.is_history,
    )
    of_entity = sa.and_(
        account.c.tenant_id == plan.c.tenant_id,
        account.c.account_id == plan.c.account_id,
        account.c.legal_entity == recorded.event.code,
    )
    found = await connection.execute(
        sa.select(plan.c.case_id)
        .join_from(plan, account, of_entity)
        .where(plan.c.tenant_id == recorded.tenant_id, plan.c.review_at.is_not(None), is_history)
        .order_by(plan.c.case_id)
    )
    return found.scalars().all()
