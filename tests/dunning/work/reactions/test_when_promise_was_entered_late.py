from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.dunning.work.domain.promise.commands import KeepPromise, ReopenPromise
from services.dunning.work.domain.promise.events import PromiseMade
from services.dunning.work.domain.promise_keeping import PromisedCash, ReceivedCash
from services.dunning.work.reactions.when_promise_was_entered_late_count_what_came import react
from tests.support.dunning import ACCOUNT, after, at, recorded, yuan

PROMISE = PromisedCash(
    id=UUID(int=1), amount=yuan(100), promised_on=after(9), counts_from=at(after(2)), is_kept=False
)
LATER = replace(PROMISE, id=UUID(int=2), promised_on=after(20))
MADE = PromiseMade(
    account_id=ACCOUNT,
    account_number="C-1001",
    number="P-1",
    amount=yuan(100),
    promised_on=after(9),
    made_on=after(2),
    time_zone="Asia/Shanghai",
    note_id=None,
)
ENTERED_LATE = recorded(MADE, after(4), stream=PROMISE.id)
ALL = ReceivedCash(promise=PROMISE, received=yuan(100))


class TestCountWhatCame:
    def test_keeps_it_where_all_has_come(self) -> None:
        assert react(ENTERED_LATE, [ALL]) == [
            KeepPromise(promise_id=PROMISE.id, received=yuan(100))
        ]

    def test_reopens_a_later_one_that_was_kept_by_it(self) -> None:
        lost = ReceivedCash(promise=replace(LATER, is_kept=True), received=yuan(0))

        assert react(ENTERED_LATE, [ALL, lost]) == [
            KeepPromise(promise_id=PROMISE.id, received=yuan(100)),
            ReopenPromise(promise_id=LATER.id, received=yuan(0)),
        ]

    def test_leaves_it_open_where_a_cent_is_missing(self) -> None:
        assert react(ENTERED_LATE, [replace(ALL, received=yuan(99))]) == []

    def test_says_nothing_of_one_entered_on_its_day(self) -> None:
        """What a clock that stands still cannot tell from what came before stays uncounted."""
        assert react(recorded(MADE, after(2), stream=PROMISE.id), [ALL]) == []
