from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.dunning.notices.domain.notice import commands, decide, events
from services.dunning.notices.domain.notice.decide import notice, notice_of
from tests.support.dunning import ACCOUNT, BOOK, ITEM_B, after, at, listed, yuan
from tests.support.spec import given

QUEUE = commands.QueueNotice(
    book=BOOK,
    account_id=ACCOUNT,
    account_number="C-1001",
    time_zone="Asia/Shanghai",
    currency="CNY",
    written_on=after(1),
    step=1,
    channel="email",
    template="reminder",
    grade="一般",
    items=[listed(), listed(ITEM_B)],
    part=1,
    parts=1,
    open_amount=yuan(470_000),
    unallocated=yuan(70_000),
    demanded=yuan(400_000),
)
NOW = at(after(1), 1)
QUEUED = events.NoticeQueued(
    account_id=ACCOUNT,
    account_number="C-1001",
    currency="CNY",
    written_on=after(1),
    step=1,
    channel="email",
    template="reminder",
    grade="一般",
    items=(listed(), listed(ITEM_B)),
    part=1,
    parts=1,
    open_amount=yuan(470_000),
    unallocated=yuan(70_000),
    demanded=yuan(400_000),
)
ACCEPT = commands.AcceptNotice(notice_id=UUID(int=5), message_id="<5@x>", effective_on=after(1))
ACCEPTED = events.NoticeAccepted(account_id=ACCOUNT, channel="email", message_id="<5@x>")


class TestQueueNotice:
    def test_queues_it(self) -> None:
        given(notice).when(decide.queue_notice, QUEUE, now=NOW).then(QUEUED)

    def test_is_of_the_day_on_which_it_is_written(self) -> None:
        given(notice).when(decide.queue_notice, QUEUE, now=NOW).then_on(after(1))

    def test_is_not_written_on_another_day(self) -> None:
        """Near midnight a review may be of yesterday: it is made anew."""
        for hours in (-10, 16):
            late = NOW + timedelta(hours=hours)
            given(notice).when(decide.queue_notice, QUEUE, now=late).then_nothing()

    def test_happens_once(self) -> None:
        given(notice, QUEUED).when(decide.queue_notice, QUEUE, now=NOW).then_nothing()
        given(notice, QUEUED, ACCEPTED).when(decide.queue_notice, QUEUE, now=NOW).then_nothing()


class TestAcceptNotice:
    def test_says_which_message_it_became(self) -> None:
        given(notice, QUEUED).when(decide.accept_notice, ACCEPT).then(ACCEPTED)

    def test_happens_once(self) -> None:
        given(notice, QUEUED, ACCEPTED).when(decide.accept_notice, ACCEPT).then_nothing()

    def test_refuses_what_nobody_queued(self) -> None:
        given(notice).when(decide.accept_notice, ACCEPT).then_rejected(decide.NoticeNotQueued)


class TestNoticeOf:
    def test_is_another_for_each_customer_currency_day_channel_and_part(self) -> None:
        others: list[dict[str, Any]] = [
            {"account_id": UUID(int=1)},
            {"currency": "USD"},
            {"written_on": after(2)},
            {"channel": "letter"},
            {"part": 2},
        ]
        streams = {notice_of(replace(QUEUE, **other)).id for other in ({}, *others)}

        assert len(streams) == len(others) + 1

    def test_is_the_same_whatever_it_says(self) -> None:
        other = replace(QUEUE, step=30, template="dunning_letter", items=[])

        assert notice_of(other) == notice_of(QUEUE)
