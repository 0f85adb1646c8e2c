"""What must be done today? Cases and tasks, as their events left them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from services.dunning.accounts.domain.listed_item import ListedItem
from services.dunning.work.domain.case.events import (
    CaseClosed,
    CaseOpened,
    OpenItemAdded,
    OpenItemRemoved,
)
from services.dunning.work.domain.task.events import TaskCompleted, TaskOpened, TaskWithdrawn
from shared.kernel.decider import CorruptHistory
from shared.kernel.envelope import Recorded
from shared.platform.projector.port import Need, Projection, Rows
from shared.platform.projector.rows import Index, row


@row(
    table="dunning_case",
    key=("tenant_id", "id"),
    indexes=(
        Index(("tenant_id", "status", "opened_on", "id")),
        Index(("tenant_id", "account_id", "currency")),
    ),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    tenant_id: UUID
    id: UUID
    account_id: UUID
    account_number: str
    legal_entity: str
    currency: str
    status: str  # open, closed
    opened_on: date
    closed_on: date | None
    version: int


@row(table="dunning_case_item", key=("tenant_id", "case_id", "open_item_id"))
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseItemRow:
    """An item that is in the case now."""

    tenant_id: UUID
    case_id: UUID
    open_item_id: UUID
    invoice_id: UUID
    invoice_number: str
    installment: int
    due_on: date


@row(
    table="dunning_task",
    key=("tenant_id", "id"),
    indexes=(
        Index(("tenant_id", "status", "opened_on", "id")),
        Index(("tenant_id", "account_id", "status")),
    ),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    tenant_id: UUID
    id: UUID
    account_id: UUID
    account_number: str
    legal_entity: str
    kind: str
    oldest_due_on: date
    step: int | None
    grade: str  # When it was opened.
    currency: str
    item_count: int
    open_minor: int  # When it was opened.
    status: str  # open, completed, withdrawn
    opened_on: date
    outcome: str | None  # What came of it, or why it was withdrawn.
    ended_on: date | None
    version: int


@row(table="dunning_task_item", key=("tenant_id", "task_id", "open_item_id"))
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskItemRow:
    tenant_id: UUID
    task_id: UUID
    open_item_id: UUID
    invoice_number: str
    installment: int
    due_on: date
    currency: str
    open_minor: int  # When it was opened.


def needs(batch: Sequence[Recorded[Any]]) -> Iterable[Need]:
    for recorded in batch:
        key = (recorded.tenant_id, recorded.stream_id)
        match recorded.event:
            case OpenItemAdded() | OpenItemRemoved() | CaseClosed():
                yield Need(CaseRow, key)
            case TaskCompleted() | TaskWithdrawn():
                yield Need(TaskRow, key)
            case _:
                pass  # Needs no row, or concerns another read model.


def fold(rows: Rows, batch: Sequence[Recorded[Any]]) -> Rows:
    for recorded in batch:
        match recorded.event:
            case CaseOpened() as event:
                rows.put(_case(recorded, event))
            case OpenItemAdded() as event:
                rows.put(_case_item(recorded, event))
                _put_case(rows, recorded)
            case OpenItemRemoved(open_item_id=cured):
                rows.drop(CaseItemRow, (recorded.tenant_id, recorded.stream_id, cured))
                _put_case(rows, recorded)
            case CaseClosed():
                _put_case(rows, recorded, status="closed", closed_on=recorded.effective_on)
            case TaskOpened() as event:
                rows.put(_task(recorded, event))
                for item in event.items:
                    rows.put(_task_item(recorded, item))
            case TaskCompleted(outcome=outcome, completed_on=on):
                _end(rows, recorded, "completed", outcome, on)
            case TaskWithdrawn(reason=reason, withdrawn_on=on):
                _end(rows, recorded, "withdrawn", reason, on)
            case _:
                pass  # Of another read model.
    return rows


def _case(recorded: Recorded[Any], event: CaseOpened) -> CaseRow:
    return CaseRow(
        tenant_id=recorded.tenant_id,
        id=recorded.stream_id,
        account_id=event.account_id,
        account_number=event.account_number,
        legal_entity=recorded.legal_entity,
        currency=event.currency,
        status="open",
        opened_on=recorded.effective_on,
        closed_on=None,
        version=recorded.version,
    )


def _put_case(
    rows: Rows,
    recorded: Recorded[Any],
    *,
    status: str = "open",
    closed_on: date | None = None,
) -> None:
    case = rows.get(CaseRow, (recorded.tenant_id, recorded.stream_id))
    if case is None:
        raise CorruptHistory("an event of a case that was never opened")
    changed = replace(case, status=status, closed_on=closed_on, version=recorded.version)
    rows.put(changed)


def _case_item(recorded: Recorded[Any], event: OpenItemAdded) -> CaseItemRow:
    return CaseItemRow(
        tenant_id=recorded.tenant_id,
        case_id=recorded.stream_id,
        open_item_id=event.open_item_id,
        invoice_id=event.invoice_id,
        invoice_number=event.invoice_number,
        installment=event.installment,
        due_on=event.due_on,
    )


def _task(recorded: Recorded[Any], event: TaskOpened) -> TaskRow:
    return TaskRow(
        tenant_id=recorded.tenant_id,
        id=recorded.stream_id,
        account_id=event.account_id,
        account_number=event.account_number,
        legal_entity=recorded.legal_entity,
        kind=event.kind,
        oldest_due_on=event.oldest_due_on,
        step=event.step,
        grade=event.grade,
        currency=event.currency,
        item_count=event.item_count,
        open_minor=event.open_amount.minor,
        status="open",
        opened_on=event.opened_on,
        outcome=None,
        ended_on=None,
        version=recorded.version,
    )


def _task_item(recorded: Recorded[Any], item: ListedItem) -> TaskItemRow:
    return TaskItemRow(
        tenant_id=recorded.tenant_id,
        task_id=recorded.stream_id,
        open_item_id=item.open_item_id,
        invoice_number=item.invoice_number,
        installment=item.installment,
        due_on=item.due_on,
        currency=item.open_amount.currency,
        open_minor=item.open_amount.minor,
    )


def _end(rows: Rows, recorded: Recorded[Any], status: str, outcome: str, on: date) -> None:
    task = rows.get(TaskRow, (recorded.tenant_id, recorded.stream_id))
    if task is None:
        raise CorruptHistory("a task ended that was never opened")
    rows.put(replace(task, status=status, outcome=outcome, ended_on=on, version=recorded.version))


READ_MODEL: Final = Projection(
    name="work_list",
    subscribes_to=("dunning",),
    rows=(CaseRow, CaseItemRow, TaskRow, TaskItemRow),
    needs=needs,
    fold=fold,
)
