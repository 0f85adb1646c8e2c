"""Folds of dunning's own events: the same rows whatever the batches."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.dunning.alerts.domain.overdue_alert.events import AlertAccount, OverdueAlertRaised
from services.dunning.alerts.projections import overdue_alerts
from services.dunning.contract.inbox import Allocation, PaymentReversed
from services.dunning.notices.domain.notice.events import NoticeAccepted
from services.dunning.notices.projections import notices
from services.dunning.work.domain.case.events import (
    CaseClosed,
    CaseOpened,
    OpenItemAdded,
    OpenItemRemoved,
)
from services.dunning.work.domain.contact.events import ContactRecorded
from services.dunning.work.domain.promise.events import (
    PromiseBroken,
    PromiseDayPassed,
    PromiseKept,
    PromiseMade,
    PromiseReopened,
)
from services.dunning.work.domain.task.events import TaskCompleted, TaskOpened, TaskWithdrawn
from services.dunning.work.projections import collection_ledger, contacts, promises, work_list
from shared.kernel.days import start_of_day
from shared.kernel.envelope import Recorded
from tests.support.dunning import (
    ACCOUNT,
    DUE,
    INVOICE,
    ITEM_A,
    NUMBERS,
    TENANT,
    after,
    allocated,
    at,
    listed,
    recorded,
    yuan,
)
from tests.support.dunning_samples import QUEUED
from tests.support.projecting import project

CASE, TASK, NOTICE, CONTACT, PROMISE, ALERT = (UUID(int=n) for n in range(900, 906))
EVERY_BATCH = pytest.mark.parametrize("batch", [1, 2, 1000])


def happened(*rows: tuple[Any, UUID, int, date]) -> list[Recorded[Any]]:
    return [
        recorded(event, on, stream=stream, version=version, offset=offset)
        for offset, (event, stream, version, on) in enumerate(rows)
    ]


ADDED = OpenItemAdded(
    account_id=ACCOUNT,
    open_item_id=ITEM_A,
    invoice_id=INVOICE,
    invoice_number=NUMBERS[ITEM_A],
    installment=1,
    due_on=DUE,
    open_amount=yuan(235_000),
)
CASE_OPENED = CaseOpened(account_id=ACCOUNT, account_number="C-1001", currency="CNY")
TASK_OPENED = TaskOpened(
    account_id=ACCOUNT,
    account_number="C-1001",
    currency="CNY",
    kind="phone",
    step=1,
    grade="较差",
    opened_on=after(1),
    oldest_due_on=DUE,
    items=(listed(),),
    item_count=1,
    open_amount=yuan(235_000),
)
RAISED = OverdueAlertRaised(
    alert_id=UUID(int=1),
    account=AlertAccount(id=ACCOUNT, legal_entity="CN01", number="C-1001"),
    open_item_id=ITEM_A,
    invoice_number=NUMBERS[ITEM_A],
    installment=1,
    due_on=DUE,
    effective_on=after(1),
    threshold_days=1,
    grade="一般",
    collector_id=None,
    open_amount=yuan(235_000),
    policy_version="default@1",
)
MADE = PromiseMade(
    account_id=ACCOUNT,
    account_number="C-1001",
    number="P-1",
    amount=yuan(100),
    promised_on=after(9),
    made_on=after(2),
    time_zone="Asia/Shanghai",
    note_id=UUID(int=77),
)


class TestWorkList:
    @EVERY_BATCH
    def test_closes_and_opens_a_case_again(self, batch: int) -> None:
        removed = OpenItemRemoved(account_id=ACCOUNT, open_item_id=ITEM_A)
        closed = CaseClosed(account_id=ACCOUNT)
        life = happened(
            (CASE_OPENED, CASE, 1, after(1)),
            (ADDED, CASE, 2, after(1)),
            (removed, CASE, 3, after(9)),
            (closed, CASE, 4, after(9)),
            (CASE_OPENED, CASE, 5, after(20)),
            (ADDED, CASE, 6, after(20)),
        )
        before = project(work_list.READ_MODEL, life[:4], batch=batch)
        tables = project(work_list.READ_MODEL, life, batch=batch)

        closed_case = before["dunning_case"][TENANT, CASE]
        assert (closed_case.status, closed_case.closed_on) == ("closed", after(9))
        assert before["dunning_case_item"] == {}
        case = tables["dunning_case"][TENANT, CASE]
        assert (case.status, case.opened_on, case.closed_on) == ("open", after(20), None)
        assert case.version == 6
        assert list(tables["dunning_case_item"]) == [(TENANT, CASE, ITEM_A)]

    @EVERY_BATCH
    def test_completes_a_task(self, batch: int) -> None:
        done = TaskCompleted(account_id=ACCOUNT, outcome="reached", completed_on=after(2))
        tables = project(
            work_list.READ_MODEL,
            happened((TASK_OPENED, TASK, 1, after(1)), (done, TASK, 2, after(2))),
            batch=batch,
        )

        task = tables["dunning_task"][TENANT, TASK]
        assert (task.status, task.outcome, task.version) == ("completed", "reached", 2)
        assert (task.ended_on, task.oldest_due_on, task.open_minor) == (after(2), DUE, 235_000)
        assert tables["dunning_task_item"][TENANT, TASK, ITEM_A].open_minor == 235_000

    @EVERY_BATCH
    def test_withdraws_a_task_with_the_reason(self, batch: int) -> None:
        gone = TaskWithdrawn(account_id=ACCOUNT, reason="nothing_owed", withdrawn_on=after(3))
        tables = project(
            work_list.READ_MODEL,
            happened((TASK_OPENED, TASK, 1, after(1)), (gone, TASK, 2, after(3))),
            batch=batch,
        )

        task = tables["dunning_task"][TENANT, TASK]
        assert (task.status, task.outcome, task.ended_on) == ("withdrawn", "nothing_owed", after(3))


class TestOverdueAlerts:
    @EVERY_BATCH
    def test_shows_each_at_its_place_on_the_log_and_never_goes_back_in_time(
        self, batch: int
    ) -> None:
        late = recorded(RAISED, after(5), stream=ALERT, version=1, offset=40)
        early = recorded(
            replace(RAISED, alert_id=UUID(int=2)), after(3), stream=UUID(int=9), offset=41
        )
        other = early._replace(partition=6, offset=1, id=UUID(int=3))
        feed = project(overdue_alerts.READ_MODEL, [late, early, other], batch=batch)[
            "overdue_alert_feed"
        ]

        shown = {key[1:]: row.shown_at for key, row in feed.items()}
        assert shown == {(5, 40): at(after(5)), (5, 41): at(after(5)), (6, 1): at(after(3))}


PASSED = PromiseDayPassed(account_id=ACCOUNT)
KEPT = PromiseKept(account_id=ACCOUNT, received=yuan(100))
BROKEN = PromiseBroken(account_id=ACCOUNT, received=yuan(60), missing=yuan(40))
REOPENED = PromiseReopened(account_id=ACCOUNT, received=yuan(40), missing=yuan(60))
TAKEN = PaymentReversed(
    account_id=ACCOUNT,
    value_on=after(8),
    allocations=(Allocation(id=UUID(int=11), amount=yuan(60)),),
)


class TestPromises:
    @EVERY_BATCH
    @pytest.mark.parametrize(
        ("ending", "shown"),
        [
            ([], ("open", None, None, None)),
            ([PASSED], ("open", None, None, None)),
            ([KEPT], ("kept", 100, after(4), None)),
            ([PASSED, BROKEN], ("broken", 60, None, after(5))),
            ([PASSED, BROKEN, KEPT], ("kept", 100, after(6), None)),
            ([KEPT, REOPENED], ("open", None, None, None)),
            ([KEPT, BROKEN], ("broken", 60, None, after(5))),
            ([KEPT, REOPENED, PASSED, BROKEN], ("broken", 60, None, after(7))),
        ],
    )
    def test_say_what_became_of_them_and_when(
        self, ending: list[Any], shown: tuple[Any, ...], batch: int
    ) -> None:
        life = [(event, PROMISE, n, after(n + 2)) for n, event in enumerate(ending, start=2)]
        tables = project(
            promises.READ_MODEL, happened((MADE, PROMISE, 1, after(2)), *life), batch=batch
        )

        row = tables["promise"][TENANT, PROMISE]
        assert (row.status, row.received_minor, row.kept_on, row.broken_on) == shown
        assert row.version == 1 + len(ending)

    @EVERY_BATCH
    def test_know_the_cash_that_was_not_taken_back(self, batch: int) -> None:
        tables = project(
            promises.READ_MODEL,
            happened(
                (allocated((11, 60), (12, 40), value_on=after(8)), INVOICE, 1, after(8)),
                (TAKEN, INVOICE, 2, after(12)),
            ),
            batch=batch,
        )

        assert list(tables["promised_cash"]) == [(TENANT, ACCOUNT, UUID(int=12))]

    def test_count_cash_that_came_before_they_were_entered(self) -> None:
        late = recorded(replace(MADE, made_on=after(1)), after(1), stream=PROMISE)
        entered = late._replace(recorded_at=at(after(5)))
        (row,) = project(promises.READ_MODEL, [entered])["promise"].values()

        assert row.counts_from == start_of_day(after(2), "Asia/Shanghai")


class TestNotices:
    @EVERY_BATCH
    def test_turns_accepted(self, batch: int) -> None:
        accepted = NoticeAccepted(account_id=ACCOUNT, channel="email", message_id="<1@x>")
        rows = project(
            notices.READ_MODEL,
            happened((QUEUED, NOTICE, 1, after(1)), (accepted, NOTICE, 2, after(1))),
            batch=batch,
        )["notice"]

        assert (rows[TENANT, NOTICE].status, rows[TENANT, NOTICE].message_id) == (
            "accepted",
            "<1@x>",
        )


class TestCollectionLedgerAndContacts:
    def test_keep_every_event_with_its_note_and_day(self) -> None:
        contact = ContactRecorded(
            account_id=ACCOUNT,
            account_number="C-1001",
            number="K-1",
            channel="phone",
            contacted_at=at(after(2), 3),
            open_item_ids=(ITEM_A,),
            outcome="promised",
            reason=None,
            next_step=None,
            next_step_on=None,
            note_id=UUID(int=78),
        )
        events = happened(
            (allocated((1, 1), value_on=DUE), INVOICE, 1, after(1)),
            (contact, CONTACT, 1, after(2)),
            (MADE, PROMISE, 1, after(2)),
            (PASSED, PROMISE, 2, after(10)),
            (BROKEN, PROMISE, 3, after(10)),
            (KEPT, PROMISE, 4, after(11)),
            (REOPENED, PROMISE, 5, after(12)),
        )
        folded = project(collection_ledger.READ_MODEL, events)["collection_entry"]
        entries = sorted(folded.values(), key=lambda row: row.log_offset)
        rows = project(contacts.READ_MODEL, events)["contact"]

        assert [(row.kind, row.event, row.day, row.note_id) for row in entries] == [
            ("contact", "recorded", after(2), UUID(int=78)),
            ("promise", "made", after(2), UUID(int=77)),
            ("promise", "broken", after(10), None),
            ("promise", "kept", after(11), None),
            ("promise", "reopened", after(12), None),
        ]
        assert rows[TENANT, CONTACT].open_item_ids == f'["{ITEM_A}"]'
