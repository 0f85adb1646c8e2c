from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.dunning.work.domain.promise import commands, decide, events
from services.dunning.work.domain.promise.decide import note_id, promise
from shared.kernel import rejections
from shared.kernel.money import Money
from shared.kernel.rejections import EffectiveDateOutOfRange, NumberAlreadyUsed
from tests.support.dunning import ACCOUNT, BOOK, after, yuan
from tests.support.spec import given

MAKE = commands.MakePromise(
    book=BOOK,
    number="P-1",
    account_id=ACCOUNT,
    account_number="C-1001",
    account_currency="CNY",
    amount=yuan(100_000),
    promised_on=after(9),
    made_on=after(2),
    today=after(2),
    time_zone="Asia/Shanghai",
    has_note=True,
)
MADE = events.PromiseMade(
    account_id=ACCOUNT,
    account_number="C-1001",
    number="P-1",
    amount=yuan(100_000),
    promised_on=after(9),
    made_on=after(2),
    note_id=note_id(promise.stream(BOOK, "P-1").id),
)
KEEP = commands.KeepPromise(promise_id=UUID(int=9), received=yuan(100_000), effective_on=after(8))
KEPT = events.PromiseKept(account_id=ACCOUNT, received=yuan(100_000))


class TestMakePromise:
    def test_records_amount_and_day(self) -> None:
        given(promise).when(decide.make_promise, MAKE).then(MADE)

    def test_takes_one_for_the_same_day(self) -> None:
        today = replace(MAKE, promised_on=MAKE.made_on)

        given(promise).when(decide.make_promise, today).then(
            replace(MADE, promised_on=MADE.made_on)
        )

    def test_refuses_a_number_that_is_used(self) -> None:
        given(promise, MADE).when(decide.make_promise, MAKE).then_rejected(
            NumberAlreadyUsed, "/number"
        )

    def test_refuses_another_currency(self) -> None:
        dollars = replace(MAKE, amount=Money(1, "USD"))

        given(promise).when(decide.make_promise, dollars).then_rejected(
            rejections.CurrencyMismatch, "/amount/currency"
        )

    def test_refuses_nothing_at_all(self) -> None:
        nothing = replace(MAKE, amount=yuan(0))

        given(promise).when(decide.make_promise, nothing).then_rejected(
            rejections.AmountNotPositive, "/amount/amount"
        )

    def test_refuses_a_day_before_it_was_made(self) -> None:
        past = replace(MAKE, promised_on=after(1))

        given(promise).when(decide.make_promise, past).then_rejected(
            decide.PromisedDateIsPast, "/promised_on"
        )

    def test_refuses_to_be_made_tomorrow(self) -> None:
        early = replace(MAKE, made_on=after(3))

        given(promise).when(decide.make_promise, early).then_rejected(
            EffectiveDateOutOfRange, "/made_on"
        )


class TestKeepPromise:
    def test_says_what_came(self) -> None:
        given(promise, MADE).when(decide.keep_promise, KEEP).then(KEPT)

    def test_stays_quiet_while_a_cent_is_missing(self) -> None:
        less = replace(KEEP, received=yuan(99_999))

        given(promise, MADE).when(decide.keep_promise, less).then_nothing()

    def test_happens_once(self) -> None:
        given(promise, MADE, KEPT).when(decide.keep_promise, KEEP).then_nothing()

    def test_refuses_what_nobody_made(self) -> None:
        given(promise).when(decide.keep_promise, KEEP).then_rejected(decide.PromiseNotMade)
