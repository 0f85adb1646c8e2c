"""One event of each type dunning writes, with every field filled."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from services.dunning.alerts.domain.overdue_alert import events as alert
from services.dunning.notices.domain.notice.events import (
    NoticeAccepted,
    NoticeFailed,
    NoticeQueued,
    NoticeUndeliverable,
)
from services.dunning.work.domain.case import events as case
from services.dunning.work.domain.contact.events import ContactRecorded
from services.dunning.work.domain.promise.events import (
    PromiseBroken,
    PromiseDayPassed,
    PromiseKept,
    PromiseMade,
    PromiseReopened,
)
from services.dunning.work.domain.task.events import TaskCompleted, TaskOpened, TaskWithdrawn
from tests.support.dunning import (
    ACCOUNT,
    COLLECTOR,
    DUE,
    INVOICE,
    ITEM_A,
    ITEM_B,
    NUMBERS,
    after,
    at,
    listed,
    yuan,
)

_ALERT: Final[dict[str, Any]] = {
    "alert_id": UUID(int=330),
    "account": alert.AlertAccount(id=ACCOUNT, legal_entity="CN01", number="C-1001"),
    "open_item_id": ITEM_A,
    "invoice_number": NUMBERS[ITEM_A],
    "installment": 1,
    "due_on": DUE,
    "threshold_days": 30,
    "grade": "一般",
    "collector_id": COLLECTOR,
    "policy_version": "default@1",
}

CROSSING: Final = UUID(int=331)
STEP: Final = case.Step(crossing_id=CROSSING, open_item_id=ITEM_A, step=1)

QUEUED: Final = NoticeQueued(
    account_id=ACCOUNT,
    account_number="C-1001",
    time_zone="Asia/Shanghai",
    currency="CNY",
    written_on=after(1),
    step=1,
    channel="email",
    template="reminder",
    grade="一般",
    items=(listed(ITEM_A), listed(ITEM_B, 120_050)),
    part=1,
    parts=1,
    open_amount=yuan(355_050),
    unallocated=yuan(0),
    demanded=yuan(355_050),
    instead_of=None,
)
_NOBODY: Final[dict[str, Any]] = {
    "account_id": ACCOUNT,
    "account_number": "C-1001",
    "currency": "CNY",
    "channel": "email",
    "template": "reminder",
    "step": 1,
    "grade": "一般",
    "part": 1,
}
UNDELIVERABLE: Final = NoticeUndeliverable(**_NOBODY, reason="no_address", letter_follows=False)
FAILED: Final = NoticeFailed(**_NOBODY, reason="PermissionError")

SAMPLES: Final[tuple[Any, ...]] = (
    case.CaseOpened(account_id=ACCOUNT, account_number="C-1001", currency="CNY"),
    case.OpenItemAdded(
        account_id=ACCOUNT,
        open_item_id=ITEM_A,
        invoice_id=INVOICE,
        invoice_number=NUMBERS[ITEM_A],
        installment=1,
        due_on=DUE,
        open_amount=yuan(235_000),
    ),
    case.OpenItemRemoved(account_id=ACCOUNT, open_item_id=ITEM_A),
    case.CaseClosed(account_id=ACCOUNT),
    case.CaseStepReached(
        account_id=ACCOUNT,
        account_number="C-1001",
        currency="CNY",
        time_zone="Asia/Shanghai",
        open_item_id=ITEM_A,
        invoice_id=INVOICE,
        crossing_id=CROSSING,
        step=1,
        reached_on=after(1),
        is_returned=False,
        is_history=False,
        review_at=at(after(1)),
    ),
    case.CaseReviewMoved(account_id=ACCOUNT, review_at=at(after(2))),
    case.CaseReviewStarted(
        account_id=ACCOUNT, account_number="C-1001", currency="CNY", time_zone="Asia/Shanghai"
    ),
    case.CaseStepPassedOver(account_id=ACCOUNT, reason="more_severe_step", steps=(STEP,)),
    case.CaseStepTaken(
        account_id=ACCOUNT,
        taken_on=after(1),
        step=1,
        steps=(STEP,),
        notices=("reminder",),
        tasks=("phone",),
        demanded=yuan(355_050),
    ),
    case.CaseReviewed(account_id=ACCOUNT, review_at=at(after(8))),
    alert.OverdueAlertRaised(**_ALERT, effective_on=after(30), open_amount=yuan(235_000)),
    alert.OverdueAlertRecovered(**_ALERT, effective_on=after(41), open_amount=yuan(0)),
    QUEUED,
    NoticeAccepted(account_id=ACCOUNT, channel="email", message_id="<1@duebook.invalid>"),
    UNDELIVERABLE,
    FAILED,
    TaskOpened(
        account_id=ACCOUNT,
        account_number="C-1001",
        currency="CNY",
        kind="phone",
        step=30,
        grade="优质",
        opened_on=after(30),
        oldest_due_on=DUE,
        items=(listed(ITEM_A),),
        item_count=1,
        open_amount=yuan(235_000),
    ),
    TaskCompleted(account_id=ACCOUNT, outcome="reached", completed_on=after(31)),
    TaskWithdrawn(account_id=ACCOUNT, reason="nothing_owed", withdrawn_on=after(31)),
    ContactRecorded(
        account_id=ACCOUNT,
        account_number="C-1001",
        number="K-1",
        channel="wechat",
        contacted_at=datetime(2026, 3, 5, 1, 30, tzinfo=UTC),
        open_item_ids=(ITEM_A, ITEM_B),
        outcome="promised",
        reason="cash_flow",
        next_step="call_again",
        next_step_on=after(9),
        note_id=UUID(int=77),
    ),
    PromiseMade(
        account_id=ACCOUNT,
        account_number="C-1001",
        number="P-1",
        amount=yuan(100_000),
        promised_on=after(9),
        made_on=after(2),
        time_zone="Asia/Shanghai",
        note_id=UUID(int=78),
    ),
    PromiseDayPassed(account_id=ACCOUNT),
    PromiseKept(account_id=ACCOUNT, received=yuan(100_000)),
    PromiseBroken(account_id=ACCOUNT, received=yuan(60_000), missing=yuan(40_000)),
    PromiseReopened(account_id=ACCOUNT, received=yuan(0), missing=yuan(100_000)),
)
