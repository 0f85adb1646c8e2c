from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.dunning.contract.inbox import Allocation, PaymentReversed
from services.dunning.work.domain.promise.commands import ReopenPromise
from services.dunning.work.domain.promise_keeping import PromisedCash, ReceivedCash
from services.dunning.work.reactions.when_payment_was_returned_reopen_the_promise import react
from tests.support.dunning import ACCOUNT, after, at, recorded, yuan

PROMISE = PromisedCash(
    id=UUID(int=1), amount=yuan(100), promised_on=after(9), counts_from=at(after(2)), is_kept=True
)
LEFT = ReceivedCash(promise=PROMISE, received=yuan(99))
TAKEN_BACK = (Allocation(id=UUID(int=11), amount=yuan(1)),)
SOURCE = recorded(
    PaymentReversed(account_id=ACCOUNT, value_on=after(8), allocations=TAKEN_BACK), after(12)
)


class TestReopenThePromise:
    def test_names_the_one_that_is_not_reached_any_more(self) -> None:
        assert react(SOURCE, [LEFT]) == [ReopenPromise(promise_id=PROMISE.id, received=yuan(99))]

    def test_leaves_one_alone_that_is_still_reached(self) -> None:
        assert react(SOURCE, [replace(LEFT, received=yuan(100))]) == []

    def test_leaves_one_alone_that_was_not_kept(self) -> None:
        assert react(SOURCE, [replace(LEFT, promise=replace(PROMISE, is_kept=False))]) == []
