from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID

import pytest

from services.dunning.notices.domain.notice.events import NoticeFailed, NoticeUndeliverable
from services.dunning.work.domain.task.commands import OpenTask
from services.dunning.work.domain.task.events import TaskOpened
from services.dunning.work.domain.unreached import Unreached
from services.dunning.work.handlers import task as handlers
from services.dunning.work.reactions.when_notice_reached_nobody_ask_a_person import react
from tests.support.dunning import ACCOUNT, BOOK, ITEM_B, TENANT, after, at, listed, recorded, yuan
from tests.support.dunning_samples import FAILED, UNDELIVERABLE
from tests.support.spec import Streams

FACTS: Final = Unreached(
    time_zone="Asia/Shanghai", items=(listed(), listed(ITEM_B, 120_050)), asked=frozenset()
)
NOTICE: Final = UUID(int=5)
BOTH: Final = pytest.mark.parametrize(
    ("event", "kind"), [(UNDELIVERABLE, "ask_for_address"), (FAILED, "check_notice")]
)


@BOTH
class TestReact:
    def test_opens_a_task_about_what_is_owed(
        self, event: NoticeFailed | NoticeUndeliverable, kind: str
    ) -> None:
        assert react(recorded(event, after(1), stream=NOTICE), FACTS) == [
            OpenTask(
                book=BOOK,
                account_id=ACCOUNT,
                account_number="C-1001",
                time_zone="Asia/Shanghai",
                currency="CNY",
                opened_on=after(1),
                may_be_late=True,
                kind=kind,
                step=1,
                grade="一般",
                items=FACTS.items,
                open_amount=yuan(355_050),
            )
        ]

    def test_asks_nobody_while_a_task_of_the_kind_is_open(
        self, event: NoticeFailed | NoticeUndeliverable, kind: str
    ) -> None:
        said = recorded(event, after(1))
        assert react(said, replace(FACTS, asked=frozenset((kind,)))) == []
        assert len(react(said, replace(FACTS, asked=frozenset(("phone",))))) == 1

    def test_asks_nobody_before_anything_is_overdue(
        self, event: NoticeFailed | NoticeUndeliverable, kind: str
    ) -> None:
        assert react(recorded(replace(event, step=-3), after(-3)), FACTS) == []

    def test_asks_nobody_when_nothing_is_owed_any_more(
        self, event: NoticeFailed | NoticeUndeliverable, kind: str
    ) -> None:
        assert react(recorded(event, after(1)), replace(FACTS, items=())) == []

    def test_opens_one_task_dated_when_it_is_opened_however_often_it_is_repeated(
        self, event: NoticeFailed | NoticeUndeliverable, kind: str
    ) -> None:
        """Also on the next day, after a crash; and for two parts of one notice."""
        streams = Streams(TENANT)
        for part in (1, 2):
            said = recorded(replace(event, part=part), after(1), stream=UUID(int=part))
            for days in (1, 0):
                (command,) = react(said, FACTS)
                now = at(after(1), 1) + timedelta(days=days)
                streams.run(handlers.open_task(command), now)

        (opened,) = (each.event for each in streams.recorded)
        assert isinstance(opened, TaskOpened)
        assert opened.opened_on == after(2)


class TestReactWhereALetterFollows:
    def test_asks_nobody(self) -> None:
        event = replace(UNDELIVERABLE, letter_follows=True)
        assert react(recorded(event, after(1)), FACTS) == []
