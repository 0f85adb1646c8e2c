from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.dunning.notices.domain.notice import commands, decide, events
from services.dunning.notices.domain.notice.decide import notice, notice_of
from shared.kernel.decider import Decided
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
    time_zone="Asia/Shanghai",
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
    instead_of=None,
)
LETTER = replace(QUEUE, channel="letter", instead_of=UUID(int=5))
ACCEPT = commands.AcceptNotice(notice_id=UUID(int=5), message_id="<5@x>")
ACCEPTED = events.NoticeAccepted(account_id=ACCOUNT, channel="email", message_id="<5@x>")
UNDELIVERABLE = events.NoticeUndeliverable(
    account_id=ACCOUNT,
    account_number="C-1001",
    currency="CNY",
    channel="email",
    template="reminder",
    step=1,
    grade="一般",
    part=1,
    reason="no_address",
    letter_follows=True,
)
FAILED = events.NoticeFailed(
    account_id=ACCOUNT,
    account_number="C-1001",
    currency="CNY",
    channel="email",
    template="reminder",
    step=1,
    grade="一般",
    part=1,
    reason="PermissionError",
)
ENDS: list[tuple[Callable[..., Decided[events.Event]], Any, events.Event]] = [
    (decide.accept_notice, ACCEPT, ACCEPTED),
    (
        decide.mark_undeliverable,
        commands.MarkUndeliverable(notice_id=UUID(int=5), reason="no_address", letter_follows=True),
        UNDELIVERABLE,
    ),
    (
        decide.mark_failed,
        commands.MarkFailed(notice_id=UUID(int=5), reason="PermissionError"),
        FAILED,
    ),
]


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

    def test_writes_a_letter_for_an_email_also_later_and_dates_it_when_it_is_written(self) -> None:
        """Nobody asks for it anew: a crash at midnight must not lose it."""
        queued = replace(QUEUED, channel="letter", instead_of=UUID(int=5))
        on_its_day = given(notice).when(decide.queue_notice, LETTER, now=NOW)
        on_its_day.then(queued)
        next_day = given(notice).when(decide.queue_notice, LETTER, now=NOW + timedelta(days=1))
        next_day.then(replace(queued, written_on=after(2)))
        next_day.then_on(after(2))

    def test_writes_a_letter_for_an_email_once(self) -> None:
        queued = replace(QUEUED, channel="letter", instead_of=UUID(int=5))
        for days in (0, 1):
            late = NOW + timedelta(days=days)
            given(notice, queued).when(decide.queue_notice, LETTER, now=late).then_nothing()


@pytest.mark.parametrize(("ends", "command", "event"), ENDS)
class TestTheEndOfANotice:
    """Accepted, undeliverable, failed."""

    def test_is_said(self, ends: Any, command: Any, event: events.Event) -> None:
        given(notice, QUEUED).when(ends, command, now=NOW).then(event)

    def test_is_of_the_day_on_which_it_comes(
        self, ends: Any, command: Any, event: events.Event
    ) -> None:
        """Not of the day on which the notice was written: ledger may have been away for days."""
        late = NOW + timedelta(days=2)
        given(notice, QUEUED).when(ends, command, now=late).then_on(after(3))

    def test_comes_once(self, ends: Any, command: Any, event: events.Event) -> None:
        for _, _, before in ENDS:
            given(notice, QUEUED, before).when(ends, command, now=NOW).then_nothing()

    def test_needs_a_notice(self, ends: Any, command: Any, event: events.Event) -> None:
        when = given(notice).when(ends, command, now=NOW)
        when.then_rejected(decide.NoticeNotQueued)


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
