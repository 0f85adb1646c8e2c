from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.dunning.work.domain.promise.commands import EndPromise
from services.dunning.work.domain.promise.events import PromiseDayPassed
from services.dunning.work.domain.promise_keeping import PromisedCash, ReceivedCash
from services.dunning.work.reactions.when_promised_day_passed_end_the_promise import react
from tests.support.dunning import ACCOUNT, after, at, recorded, yuan

PROMISE = PromisedCash(
    id=UUID(int=1), amount=yuan(100), promised_on=after(9), counts_from=at(after(2)), is_kept=False
)
SOURCE = recorded(PromiseDayPassed(account_id=ACCOUNT), after(10), stream=PROMISE.id)


class TestEndThePromise:
    def test_says_what_has_come_for_it(self) -> None:
        came = ReceivedCash(promise=PROMISE, received=yuan(60))

        assert react(SOURCE, [came]) == [EndPromise(promise_id=PROMISE.id, received=yuan(60))]

    def test_leaves_the_other_promises_of_the_account_alone(self) -> None:
        other = ReceivedCash(promise=replace(PROMISE, id=UUID(int=2)), received=yuan(0))

        assert react(SOURCE, [other]) == []
