from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.dunning.work.domain.promise.commands import KeepPromise
from services.dunning.work.domain.promise_keeping import PromisedCash, ReceivedCash
from services.dunning.work.reactions.when_payment_allocated_keep_the_promise import react
from tests.support.dunning import after, allocated, at, recorded, yuan

PROMISE = PromisedCash(
    id=UUID(int=1), amount=yuan(100), promised_on=after(9), counts_from=at(after(2)), is_kept=False
)
ALL = ReceivedCash(promise=PROMISE, received=yuan(100))
SOURCE = recorded(allocated((11, 100), value_on=after(9)), after(9))


class TestKeepThePromise:
    def test_keeps_the_one_that_is_reached(self) -> None:
        assert react(SOURCE, [ALL]) == [KeepPromise(promise_id=PROMISE.id, received=yuan(100))]

    def test_waits_for_the_rest(self) -> None:
        assert react(SOURCE, [replace(ALL, received=yuan(99))]) == []

    def test_does_not_keep_one_twice(self) -> None:
        assert react(SOURCE, [replace(ALL, promise=replace(PROMISE, is_kept=True))]) == []

    def test_stays_quiet_where_nothing_is_promised(self) -> None:
        assert react(SOURCE, []) == []
