from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.dunning.work.domain.promise.commands import KeepPromise
from services.dunning.work.domain.promise_keeping import (
    AllocatedCash,
    PromisedCash,
    PromisesAndCash,
)
from services.dunning.work.reactions.when_payment_allocated_keep_the_promise import react
from tests.support.dunning import after, allocated, at, recorded, yuan

PROMISE = PromisedCash(
    id=UUID(int=1), amount=yuan(100), promised_on=after(9), recorded_at=at(after(2)), is_kept=False
)
CASH = AllocatedCash(id=UUID(int=11), amount=yuan(100), value_on=after(9), recorded_at=at(after(9)))
SOURCE = recorded(allocated((11, 100), value_on=after(9)), after(9))


class TestKeepThePromise:
    def test_keeps_the_one_that_is_reached(self) -> None:
        assert react(SOURCE, PromisesAndCash([PROMISE], [CASH])) == [
            KeepPromise(promise_id=PROMISE.id, received=yuan(100), effective_on=after(9))
        ]

    def test_waits_for_the_rest(self) -> None:
        less = replace(CASH, amount=yuan(99))

        assert react(SOURCE, PromisesAndCash([PROMISE], [less])) == []

    def test_does_not_keep_one_twice(self) -> None:
        kept = replace(PROMISE, is_kept=True)

        assert react(SOURCE, PromisesAndCash([kept], [CASH])) == []

    def test_lets_a_kept_one_keep_its_cash(self) -> None:
        kept = replace(PROMISE, is_kept=True)
        later = replace(PROMISE, id=UUID(int=2), promised_on=after(20))

        assert react(SOURCE, PromisesAndCash([kept, later], [CASH])) == []
