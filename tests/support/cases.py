"""A case of one item, one day past due: what it is asked, and what happens to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from services.dunning.notices.domain.notice.commands import QueueNotice
from services.dunning.work.domain.case import commands, events
from shared.kernel.days import start_of_day
from tests.support.dunning import (
    ACCOUNT,
    BOOK,
    DUE,
    INVOICE,
    ITEM_A,
    NUMBERS,
    after,
    listed,
    yuan,
)

ZONE: Final = "Asia/Shanghai"
CROSSING: Final = UUID(int=601)
NIGHT: Final = start_of_day(after(1), ZONE)  # When a threshold is reached.
MORNING: Final = NIGHT + timedelta(hours=8)  # When people begin to work.

STEP: Final = events.Step(crossing_id=CROSSING, open_item_id=ITEM_A, step=1)
NOTE: Final = commands.NoteStep(
    book=BOOK,
    account_id=ACCOUNT,
    account_number="C-1001",
    time_zone=ZONE,
    take_over_on=None,
    item=commands.CaseItem(
        open_item_id=ITEM_A,
        invoice_id=INVOICE,
        invoice_number=NUMBERS[ITEM_A],
        installment=1,
        due_on=DUE,
        open_amount=yuan(235_000),
    ),
    crossing_id=CROSSING,
    step=1,
    latest_step=1,
    reached_on=after(1),
    is_returned=False,
    is_settled=False,
)
REMOVE: Final = commands.RemoveCuredItem(
    book=BOOK, account_id=ACCOUNT, time_zone=ZONE, currency="CNY", open_item_id=ITEM_A
)
QUEUE: Final = QueueNotice(
    book=BOOK,
    account_id=ACCOUNT,
    account_number="C-1001",
    time_zone=ZONE,
    currency="CNY",
    written_on=after(1),
    step=1,
    channel="email",
    template="reminder",
    grade="一般",
    items=[listed()],
    part=1,
    parts=1,
    open_amount=yuan(235_000),
    unallocated=yuan(0),
    demanded=yuan(235_000),
)
RECORD: Final = commands.RecordReview(
    book=BOOK,
    account_id=ACCOUNT,
    account_number="C-1001",
    time_zone=ZONE,
    currency="CNY",
    today=after(1),
    seen=[CROSSING],
    taken_over=[],
    passed=[],
    acted=[STEP],
    step=1,
    notices=[QUEUE],
    tasks=[],
    demanded=yuan(235_000),
    waits_until=None,
    is_cut=False,
)

OPENED: Final = events.CaseOpened(account_id=ACCOUNT, account_number="C-1001", currency="CNY")
ADDED: Final = events.OpenItemAdded(
    account_id=ACCOUNT,
    open_item_id=ITEM_A,
    invoice_id=INVOICE,
    invoice_number=NUMBERS[ITEM_A],
    installment=1,
    due_on=DUE,
    open_amount=yuan(235_000),
)
REACHED: Final = events.CaseStepReached(
    account_id=ACCOUNT,
    account_number="C-1001",
    currency="CNY",
    time_zone=ZONE,
    open_item_id=ITEM_A,
    invoice_id=INVOICE,
    crossing_id=CROSSING,
    step=1,
    reached_on=after(1),
    is_returned=False,
    is_history=False,
    review_at=MORNING,
)
STARTED: Final = events.CaseReviewStarted(
    account_id=ACCOUNT, account_number="C-1001", currency="CNY", time_zone=ZONE
)
TAKEN: Final = events.CaseStepTaken(
    account_id=ACCOUNT,
    taken_on=after(1),
    step=1,
    steps=(STEP,),
    notices=("reminder",),
    tasks=(),
    demanded=yuan(235_000),
)
REVIEWED: Final = events.CaseReviewed(account_id=ACCOUNT, review_at=None)
REMOVED: Final = events.OpenItemRemoved(account_id=ACCOUNT, open_item_id=ITEM_A)
CLOSED: Final = events.CaseClosed(account_id=ACCOUNT)
