from __future__ import annotations

from uuid import UUID

from services.dunning.notices.domain.notice import commands, decide, events
from services.dunning.notices.domain.notice.decide import notice, notice_stream
from tests.support.dunning import ACCOUNT, BOOK, DUE, ITEM_B, after, listed
from tests.support.spec import given

QUEUE = commands.QueueNotice(
    book=BOOK,
    account_id=ACCOUNT,
    account_number="C-1001",
    due_on=DUE,
    step=1,
    channel="email",
    template="reminder",
    grade="一般",
    currency="CNY",
    items=[listed(), listed(ITEM_B)],
    effective_on=after(1),
)
QUEUED = events.NoticeQueued(
    account_id=ACCOUNT,
    account_number="C-1001",
    due_on=DUE,
    step=1,
    channel="email",
    template="reminder",
    grade="一般",
    currency="CNY",
    items=(listed(), listed(ITEM_B)),
)
ACCEPT = commands.AcceptNotice(notice_id=UUID(int=5), message_id="<5@x>", effective_on=after(1))
ACCEPTED = events.NoticeAccepted(account_id=ACCOUNT, channel="email", message_id="<5@x>")


class TestQueueNotice:
    def test_queues_it(self) -> None:
        given(notice).when(decide.queue_notice, QUEUE).then(QUEUED)

    def test_happens_once_per_account_due_date_and_step(self) -> None:
        given(notice, QUEUED).when(decide.queue_notice, QUEUE).then_nothing()
        given(notice, QUEUED, ACCEPTED).when(decide.queue_notice, QUEUE).then_nothing()


class TestAcceptNotice:
    def test_says_which_message_it_became(self) -> None:
        given(notice, QUEUED).when(decide.accept_notice, ACCEPT).then(ACCEPTED)

    def test_happens_once(self) -> None:
        given(notice, QUEUED, ACCEPTED).when(decide.accept_notice, ACCEPT).then_nothing()

    def test_refuses_what_nobody_queued(self) -> None:
        given(notice).when(decide.accept_notice, ACCEPT).then_rejected(decide.NoticeNotQueued)


class TestNoticeStream:
    def test_is_another_for_each_currency_step_day_and_channel(self) -> None:
        ids = {
            notice_stream(
                BOOK,
                account_id=ACCOUNT,
                currency=currency,
                due_on=day,
                step=step,
                channel=channel,
            ).id
            for currency in ("CNY", "USD")
            for day in (DUE, after(1))
            for step in (1, 30)
            for channel in ("email", "letter")
        }

        assert len(ids) == 16
