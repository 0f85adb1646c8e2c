from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

import pytest

from services.dunning.work.domain.promise import commands, decide, events
from services.dunning.work.domain.promise.decide import note_id, promise
from services.dunning.work.domain.promise.state import State
from services.dunning.work.domain.promise.timers import EndOfPromisedDay, on_timer
from shared.kernel import rejections
from shared.kernel.days import start_of_day
from shared.kernel.decider import Decided, Due
from shared.kernel.money import Money
from shared.kernel.rejections import EffectiveDateOutOfRange, NumberAlreadyUsed
from tests.support.dunning import ACCOUNT, BOOK, after, yuan
from tests.support.dunning_book import local
from tests.support.spec import Given, given

ZONE = "Asia/Shanghai"
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
    time_zone=ZONE,
    has_note=True,
)
MADE = events.PromiseMade(
    account_id=ACCOUNT,
    account_number="C-1001",
    number="P-1",
    amount=yuan(100_000),
    promised_on=after(9),
    made_on=after(2),
    time_zone=ZONE,
    note_id=note_id(promise.stream(BOOK, "P-1").id),
)
ID = UUID(int=9)
KEEP = commands.KeepPromise(promise_id=ID, received=yuan(100_000))
END = commands.EndPromise(promise_id=ID, received=yuan(60_000))
REOPEN = commands.ReopenPromise(promise_id=ID, received=yuan(60_000))
PASSED = events.PromiseDayPassed(account_id=ACCOUNT)
KEPT = events.PromiseKept(account_id=ACCOUNT, received=yuan(100_000))
BROKEN = events.PromiseBroken(account_id=ACCOUNT, received=yuan(60_000), missing=yuan(40_000))
REOPENED = events.PromiseReopened(account_id=ACCOUNT, received=yuan(60_000), missing=yuan(40_000))
IN_TIME, TOO_LATE = local(after(9), 23, 59), local(after(10), 0)


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

    def test_refuses_a_day_more_than_a_year_after_it_was_made(self) -> None:
        far = replace(MAKE, promised_on=after(2 + 366))

        given(promise).when(decide.make_promise, far).then(
            replace(MADE, promised_on=after(2 + 366))
        )
        farther = replace(MAKE, promised_on=after(2 + 367))
        given(promise).when(decide.make_promise, farther).then_rejected(
            decide.PromisedDateTooFar, "/promised_on"
        )

    def test_refuses_one_that_was_made_more_than_a_year_ago(self) -> None:
        old = replace(MAKE, made_on=after(2 - 366))

        given(promise).when(decide.make_promise, replace(old, promised_on=after(-1))).then(
            replace(MADE, made_on=after(2 - 366), promised_on=after(-1))
        )
        older = replace(old, made_on=after(2 - 367))
        given(promise).when(decide.make_promise, older).then_rejected(
            EffectiveDateOutOfRange, "/made_on"
        )

    def test_refuses_to_be_made_tomorrow(self) -> None:
        early = replace(MAKE, made_on=after(3))

        given(promise).when(decide.make_promise, early).then_rejected(
            EffectiveDateOutOfRange, "/made_on"
        )


class TestKeepPromise:
    def test_says_what_came_on_the_day_on_which_it_is_known(self) -> None:
        kept = given(promise, MADE).when(decide.keep_promise, KEEP, now=IN_TIME)

        kept.then(KEPT)
        kept.then_on(after(9))

    def test_stays_quiet_while_a_cent_is_missing(self) -> None:
        less = replace(KEEP, received=yuan(99_999))

        given(promise, MADE).when(decide.keep_promise, less, now=IN_TIME).then_nothing()
        given(promise, MADE, PASSED, BROKEN).when(
            decide.keep_promise, less, now=TOO_LATE
        ).then_nothing()

    def test_keeps_a_broken_one_whose_money_was_recorded_later(self) -> None:
        late = given(promise, MADE, PASSED, BROKEN).when(
            decide.keep_promise, KEEP, now=local(after(11), 9)
        )

        late.then(KEPT)
        late.then_on(after(11))

    def test_keeps_one_that_is_being_looked_at(self) -> None:
        given(promise, MADE, PASSED).when(decide.keep_promise, KEEP, now=TOO_LATE).then(KEPT)

    def test_happens_once(self) -> None:
        given(promise, MADE, KEPT).when(decide.keep_promise, KEEP, now=IN_TIME).then_nothing()

    def test_refuses_what_nobody_made(self) -> None:
        given(promise).when(decide.keep_promise, KEEP, now=IN_TIME).then_rejected(
            decide.PromiseNotMade
        )


class TestEndPromise:
    def test_breaks_it_with_what_came_and_what_is_missing(self) -> None:
        broken = given(promise, MADE, PASSED).when(decide.end_promise, END, now=TOO_LATE)

        broken.then(BROKEN)
        broken.then_on(after(10))

    def test_is_dated_on_the_day_it_is_done_however_late(self) -> None:
        given(promise, MADE, PASSED).when(decide.end_promise, END, now=local(after(58), 9)).then_on(
            after(58)
        )

    def test_keeps_it_where_all_has_come(self) -> None:
        all_came = replace(END, received=yuan(100_000))

        given(promise, MADE, PASSED).when(decide.end_promise, all_came, now=TOO_LATE).then(KEPT)

    @pytest.mark.parametrize("ended", [KEPT, BROKEN])
    def test_happens_once(self, ended: events.Event) -> None:
        given(promise, MADE, PASSED, ended).when(
            decide.end_promise, END, now=TOO_LATE
        ).then_nothing()

    def test_leaves_an_open_one_alone(self) -> None:
        given(promise, MADE).when(decide.end_promise, END, now=IN_TIME).then_nothing()

    def test_refuses_what_nobody_made(self) -> None:
        given(promise).when(decide.end_promise, END, now=TOO_LATE).then_rejected(
            decide.PromiseNotMade
        )


class TestReopenPromise:
    def test_opens_it_until_the_end_of_its_day(self) -> None:
        reopened = given(promise, MADE, KEPT).when(decide.reopen_promise, REOPEN, now=IN_TIME)

        reopened.then(REOPENED)
        reopened.then_on(after(9))

    def test_breaks_it_once_its_day_is_past(self) -> None:
        broken = given(promise, MADE, KEPT).when(decide.reopen_promise, REOPEN, now=TOO_LATE)

        broken.then(BROKEN)
        broken.then_on(after(10))

    def test_stays_quiet_where_enough_is_left(self) -> None:
        enough = replace(REOPEN, received=yuan(100_000))

        given(promise, MADE, KEPT).when(decide.reopen_promise, enough, now=IN_TIME).then_nothing()

    @pytest.mark.parametrize("before", [(), (PASSED,), (PASSED, BROKEN), (KEPT, REOPENED)])
    def test_leaves_alone_what_is_not_kept(self, before: tuple[events.Event, ...]) -> None:
        given(promise, MADE, *before).when(
            decide.reopen_promise, REOPEN, now=IN_TIME
        ).then_nothing()

    def test_refuses_what_nobody_made(self) -> None:
        given(promise).when(decide.reopen_promise, REOPEN, now=IN_TIME).then_rejected(
            decide.PromiseNotMade
        )


class TestEndOfPromisedDay:
    """The instant is that of the account, not of the server."""

    @pytest.mark.parametrize(
        ("zone", "day", "instant"),
        [
            ("Asia/Shanghai", date(2026, 3, 11), "2026-03-11T16:00:00+00:00"),
            ("Pacific/Kiritimati", date(2026, 3, 11), "2026-03-11T10:00:00+00:00"),
            ("America/Los_Angeles", date(2026, 3, 7), "2026-03-08T08:00:00+00:00"),
            ("America/Los_Angeles", date(2026, 3, 8), "2026-03-09T07:00:00+00:00"),
        ],
    )
    def test_is_when_the_day_after_begins_where_the_account_is(
        self, zone: str, day: date, instant: str
    ) -> None:
        made = replace(MADE, promised_on=day, time_zone=zone)
        (timer,) = given(promise, made).timers

        assert timer.due_at == datetime.fromisoformat(instant)

    def test_waits_again_once_it_is_open_again(self) -> None:
        assert given(promise, MADE, KEPT, REOPENED).timers == given(promise, MADE).timers

    @pytest.mark.parametrize("ended", [(PASSED,), (KEPT,), (PASSED, BROKEN), (PASSED, KEPT)])
    def test_is_not_waited_for_where_nothing_is_open(self, ended: tuple[events.Event, ...]) -> None:
        assert given(promise, MADE, *ended).timers == ()

    def test_says_that_the_day_is_over_on_the_day_it_is_done(self) -> None:
        decided = self._fired(given(promise, MADE), local(after(58), 9))

        assert (decided.effective_on, decided.events) == (after(58), [PASSED])

    @pytest.mark.parametrize("ended", [(), (PASSED,), (KEPT,), (PASSED, BROKEN)])
    def test_fired_twice_says_nothing(self, ended: tuple[events.Event, ...]) -> None:
        stream = given(promise, MADE, *ended) if ended else given(promise)

        assert list(self._fired(stream, TOO_LATE).events) == []

    def _fired(self, stream: Given[State, events.Event], now: datetime) -> Decided[events.Event]:
        return on_timer(EndOfPromisedDay(), stream.state, Due(start_of_day(after(10), ZONE), now))
