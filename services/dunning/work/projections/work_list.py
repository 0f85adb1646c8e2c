"""What must be done today? Cases and tasks, as their events left them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from services.dunning.accounts.domain.listed_item import ListedItem
from services.dunning.work.domain.case.events import (
    CaseClosed,
    CaseOpened,
    OpenItemAdded,
    OpenItemRemoved,
)
from services.dunning.work.domain.task.events import TaskCompleted, TaskOpened
from shared.kernel.decider import CorruptHistory
from shared.kernel.envelope import Recorded
from shared.platform.projector.port import Need, Projection, ReadModel, Rows

METADATA: Final = sa.MetaData()


@dataclass(frozen=True, slots=True)
class Case:
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


@dataclass(frozen=True, slots=True)
class CaseItem:
    """An item that is in the case now."""

    tenant_id: UUID
    case_id: UUID
    open_item_id: UUID
    invoice_id: UUID
    invoice_number: str
    installment: int
    due_on: date


@dataclass(frozen=True, slots=True)
class Task:
    tenant_id: UUID
    id: UUID
    account_id: UUID
    account_number: str
    legal_entity: str
    kind: str
    due_on: date
    step: int
    grade: str  # When it was opened.
    currency: str
    status: str  # open, completed
    opened_on: date
    outcome: str | None
    completed_on: date | None
    version: int


@dataclass(frozen=True, slots=True)
class TaskItem:
    tenant_id: UUID
    task_id: UUID
    open_item_id: UUID
    invoice_number: str
    installment: int
    due_on: date
    open_minor: int  # When it was opened.


CASE: Final = ReadModel(
    sa.Table(
        "dunning_case",
        METADATA,
        sa.Column("tenant_id", sa.Uuid, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("account_number", sa.Text, nullable=False),
        sa.Column("legal_entity", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("opened_on", sa.Date, nullable=False),
        sa.Column("closed_on", sa.Date),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Index("dunning_case_list", "tenant_id", "status", "opened_on", "id"),
    ),
    Case,
)
CASE_ITEM: Final = ReadModel(
    sa.Table(
        "dunning_case_item",
        METADATA,
        sa.Column("tenant_id", sa.Uuid, primary_key=True),
        sa.Column("case_id", sa.Uuid, primary_key=True),
        sa.Column("open_item_id", sa.Uuid, primary_key=True),
        sa.Column("invoice_id", sa.Uuid, nullable=False),
        sa.Column("invoice_number", sa.Text, nullable=False),
        sa.Column("installment", sa.Integer, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
    ),
    CaseItem,
)
TASK: Final = ReadModel(
    sa.Table(
        "dunning_task",
        METADATA,
        sa.Column("tenant_id", sa.Uuid, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("account_number", sa.Text, nullable=False),
        sa.Column("legal_entity", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("grade", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("opened_on", sa.Date, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("completed_on", sa.Date),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Index("dunning_task_list", "tenant_id", "status", "opened_on", "id"),
    ),
    Task,
)
TASK_ITEM: Final = ReadModel(
    sa.Table(
        "dunning_task_item",
        METADATA,
        sa.Column("tenant_id", sa.Uuid, primary_key=True),
        sa.Column("task_id", sa.Uuid, primary_key=True),
        sa.Column("open_item_id", sa.Uuid, primary_key=True),
        sa.Column("invoice_number", sa.Text, nullable=False),
        sa.Column("installment", sa.Integer, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("open_minor", sa.BigInteger, nullable=False),
    ),
    TaskItem,
)


def needs(batch: Sequence[Recorded[Any]]) -> Iterable[Need]:
    for recorded in batch:
        key = (recorded.tenant_id, recorded.stream_id)
        match recorded.event:
            case OpenItemAdded() | OpenItemRemoved() | CaseClosed():
                yield Need(CASE, key)
            case TaskCompleted():
                yield Need(TASK, key)
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
                rows.drop(CASE_ITEM, (recorded.tenant_id, recorded.stream_id, cured))
                _put_case(rows, recorded)
            case CaseClosed():
                _put_case(rows, recorded, status="closed", closed_on=recorded.effective_on)
            case TaskOpened() as event:
                rows.put(_task(recorded, event))
                for item in event.items:
                    rows.put(_task_item(recorded, item))
            case TaskCompleted() as event:
                _complete(rows, recorded, event)
            case _:
                pass  # Of another read model.
    return rows


def _case(recorded: Recorded[Any], event: CaseOpened) -> Case:
    return Case(
        recorded.tenant_id,
        recorded.stream_id,
        event.account_id,
        event.account_number,
        recorded.legal_entity,
        event.currency,
        "open",
        recorded.effective_on,
        None,
        recorded.version,
    )


def _put_case(
    rows: Rows,
    recorded: Recorded[Any],
    *,
    status: str = "open",
    closed_on: date | None = None,
) -> None:
    case = rows.get(CASE, (recorded.tenant_id, recorded.stream_id))
    if case is None:
        raise CorruptHistory("an event of a case that was never opened")
    changed = replace(case, status=status, closed_on=closed_on, version=recorded.version)
    rows.put(changed)


def _case_item(recorded: Recorded[Any], event: OpenItemAdded) -> CaseItem:
    return CaseItem(
        recorded.tenant_id,
        recorded.stream_id,
        event.open_item_id,
        event.invoice_id,
        event.invoice_number,
        event.installment,
        event.due_on,
    )


def _task(recorded: Recorded[Any], event: TaskOpened) -> Task:
    return Task(
        recorded.tenant_id,
        recorded.stream_id,
        event.account_id,
        event.account_number,
        recorded.legal_entity,
        event.kind,
        event.due_on,
        event.step,
        event.grade,
        event.items[0].open_amount.currency,
        "open",
        recorded.effective_on,
        None,
        None,
        recorded.version,
    )


def _task_item(recorded: Recorded[Any], item: ListedItem) -> TaskItem:
    return TaskItem(
        recorded.tenant_id,
        recorded.stream_id,
        item.open_item_id,
        item.invoice_number,
        item.installment,
        item.due_on,
        item.open_amount.minor,
    )


def _complete(rows: Rows, recorded: Recorded[Any], event: TaskCompleted) -> None:
    task = rows.get(TASK, (recorded.tenant_id, recorded.stream_id))
    if task is None:
        raise CorruptHistory("a task was completed that was never opened")
    completed = replace(
        task,
        status="completed",
        outcome=event.outcome,
        completed_on=event.completed_on,
        version=recorded.version,
    )
    rows.put(completed)


READ_MODEL: Final = Projection(
    name="work_list",
    subscribes_to=("dunning",),
    rows=(CASE, CASE_ITEM, TASK, TASK_ITEM),
    needs=needs,
    fold=fold,
)
