"""What holds for the promises of an account after any order of promises, cash, returns and time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import reduce
from typing import Final, Literal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.dunning.work.domain.promise import commands, decide, events
from services.dunning.work.domain.promise.decide import promise
from services.dunning.work.domain.promise.state import Broken, DayPassed, Kept, Open, State
from services.dunning.work.domain.promise.timers import EndOfPromisedDay, on_timer
from services.dunning.work.domain.promise_keeping import (
    AllocatedCash,
    PromisedCash,
    ReceivedCash,
    counts_from,
    received_in_time,
)
from services.dunning.work.reactions import (
    when_payment_allocated_keep_the_promise as when_allocated,
)
from services.dunning.work.reactions import (
    when_payment_was_returned_reopen_the_promise as when_returned,
)
from services.dunning.work.reactions import (
    when_promise_was_entered_late_count_what_came as when_late,
)
from services.dunning.work.reactions import (
    when_promised_day_passed_end_the_promise as when_passed,
)
from shared.kernel.days import day_at
from shared.kernel.decider import Decided, Due
from tests.support.dunning import ACCOUNT, BOOK, after, allocated, recorded, yuan
from tests.support.dunning_book import local

ZONE: Final = "Asia/Shanghai"
START: Final = local(after(0), 9)
Made = tuple[events.PromiseMade, UUID, datetime]
Occasion = Made | UUID | Literal["allocated", "reversed"]  # UUID: the day of a promise passed.
ALLOCATED = recorded(allocated((11, 1), value_on=after(0)), after(0))


@dataclass
class Account:
    """Its promises and its cash; what happens is answered later, in its order, maybe twice."""

    now: datetime = START
    made: list[PromisedCash] = field(default_factory=list)
    cash: list[AllocatedCash] = field(default_factory=list)
    states: dict[UUID, State] = field(default_factory=dict)
    happened: dict[UUID, list[tuple[date, events.Event]]] = field(default_factory=dict)
    waiting: list[tuple[int, Occasion]] = field(default_factory=list)  # Not yet answered.
    count: int = 0
    written: set[tuple[int, UUID]] = field(default_factory=set)

    @property
    def today(self) -> date:
        return day_at(self.now, ZONE)

    def write(self, id: UUID, decided: Decided[events.Event]) -> None:
        for event in decided.events:
            self.states[id] = promise.evolve(self.states.get(id, promise.initial), event)
            self.happened.setdefault(id, []).append((decided.effective_on, event))
            if isinstance(event, events.PromiseDayPassed):
                self.notify(id)
            if isinstance(event, events.PromiseMade):
                self.notify((event, id, self.now))

    def notify(self, what: Occasion) -> None:
        self.count += 1
        self.waiting.append((self.count, what))

    def promise(self, minor: int, days: int, late: int) -> None:
        number = f"P-{len(self.made)}"
        made_on = self.today - timedelta(days=late)
        command = commands.MakePromise(
            book=BOOK,
            number=number,
            account_id=ACCOUNT,
            account_number="C-1001",
            account_currency="CNY",
            amount=yuan(minor),
            promised_on=made_on + timedelta(days=days),
            made_on=made_on,
            today=self.today,
            time_zone=ZONE,
            has_note=False,
        )
        id = promise.stream(BOOK, number).id
        self.write(id, decide.make_promise(command, promise.initial))
        since = counts_from(made_on=made_on, recorded_at=self.now, time_zone=ZONE)
        self.made.append(
            PromisedCash(
                id=id,
                amount=command.amount,
                promised_on=command.promised_on,
                counts_from=since,
                is_kept=False,
            )
        )

    def pay(self, minor: int, days_ago: int) -> None:
        row = AllocatedCash(
            id=UUID(int=100 + self.count),
            amount=yuan(minor),
            value_on=self.today - timedelta(days=days_ago),
            recorded_at=self.now,
        )
        self.cash.append(row)
        self.notify("allocated")

    def give_back(self, n: int) -> None:
        if self.cash:
            self.cash.pop(n % len(self.cash))
            self.notify("reversed")

    def fire(self) -> None:
        for id, state in list(self.states.items()):
            for timer in promise.timers(state):
                if timer.due_at <= self.now:
                    self.write(id, on_timer(EndOfPromisedDay(), state, Due(timer.due_at, self.now)))

    def received(self) -> Sequence[ReceivedCash]:
        """As the read model would show it now."""
        known = [replace(one, is_kept=isinstance(self.states[one.id], Kept)) for one in self.made]
        return received_in_time(known, self.cash)

    def answer(self, count: int, *, again: bool = False) -> None:
        """All that come together see the same facts; a crash before the cursor moved repeats.

        What an event has led to on a stream is written once, as its derived id sees to.
        """
        batch = self.waiting[:count]
        facts = self.received()
        for n, each in batch:
            for id, decided in _answers(each, facts, self.states, self.now):
                if decided.events and (n, id) not in self.written:
                    self.written.add((n, id))
                    self.write(id, decided)
        if not again:
            del self.waiting[: len(batch)]

    def settle(self) -> None:
        self.fire()
        while self.waiting:  # Ends: nothing that is answered makes more wait.
            self.answer(3)


def _answers(
    occasion: Occasion, facts: Sequence[ReceivedCash], states: dict[UUID, State], now: datetime
) -> Iterator[tuple[UUID, Decided[events.Event]]]:
    """What each promise decides, as it is by then."""
    match occasion:
        case "allocated":
            for keep in when_allocated.react(ALLOCATED, facts):
                id = keep.promise_id
                yield id, decide.keep_promise(keep, states[id], now=now)
        case "reversed":
            for reopen in when_returned.react(ALLOCATED, facts):
                id = reopen.promise_id
                yield id, decide.reopen_promise(reopen, states[id], now=now)
        case (made, id, at):
            source = recorded(made, after(0), stream=id)._replace(recorded_at=at)
            for settle in when_late.react(source, facts):
                if isinstance(settle, commands.KeepPromise):
                    decided = decide.keep_promise(settle, states[settle.promise_id], now=now)
                else:
                    decided = decide.reopen_promise(settle, states[settle.promise_id], now=now)
                yield settle.promise_id, decided
        case UUID() as id:
            passed = events.PromiseDayPassed(account_id=ACCOUNT)
            for end in when_passed.react(recorded(passed, after(0), stream=id), facts):
                yield id, decide.end_promise(end, states[id], now=now)


HAPPENINGS: Final = st.one_of(
    st.tuples(st.just("promise"), st.integers(1, 9), st.integers(0, 9), st.integers(0, 4)),
    st.tuples(st.just("pay"), st.integers(1, 9), st.integers(0, 6)),
    st.tuples(st.just("give back"), st.integers(0, 9)),
    st.tuples(st.just("pass"), st.integers(1, 80)),
    st.tuples(st.just("fire")),
    st.tuples(st.just("answer"), st.integers(1, 4)),
    st.tuples(st.just("answer and crash"), st.integers(1, 4)),
)
LIVES: Final = st.lists(HAPPENINGS, max_size=40)


def live(happenings: Sequence[tuple[object, ...]]) -> Account:
    account = Account()
    for happening in happenings:
        account.now += timedelta(seconds=1)  # Where it stands still, what came first is not known.
        match happening:
            case ("promise", int(minor), int(days), int(late)):
                account.promise(minor, days, late)
            case ("pay", int(minor), int(days_ago)):
                account.pay(minor, days_ago)
            case ("give back", int(n)):
                account.give_back(n)
            case ("pass", int(hours)):
                account.now += timedelta(hours=hours)
            case ("fire",):
                account.fire()
            case ("answer", int(count)):
                account.answer(count)
            case ("answer and crash", int(count)):
                account.answer(count, again=True)
            case _:
                raise AssertionError(happening)
    return account


class TestLaws:
    @given(LIVES)
    def test_a_promise_is_what_the_cash_and_the_day_say(
        self, happenings: Sequence[tuple[object, ...]]
    ) -> None:
        """However late, often and mixed it was answered: nothing but facts decides."""
        account = live(happenings)
        account.settle()

        for row in account.received():
            state = account.states[row.promise.id]
            if row.promise.promised_on < account.today:
                assert isinstance(state, Kept if row.is_reached else Broken)
            else:
                assert isinstance(state, Kept if row.is_reached else Open)

    @given(LIVES)
    def test_no_cent_keeps_two_promises(self, happenings: Sequence[tuple[object, ...]]) -> None:
        account = live(happenings)
        account.settle()
        kept = [one for one in account.made if isinstance(account.states[one.id], Kept)]

        assert sum(one.amount.minor for one in kept) <= sum(
            row.amount.minor for row in account.cash
        )

    @given(LIVES)
    def test_none_is_broken_before_its_day_is_over(
        self, happenings: Sequence[tuple[object, ...]]
    ) -> None:
        account = live(happenings)

        for one in account.made:
            for day, event in account.happened[one.id]:
                if isinstance(event, events.PromiseBroken | events.PromiseDayPassed):
                    assert day > one.promised_on

    @given(LIVES)
    def test_nothing_ends_before_it_began(self, happenings: Sequence[tuple[object, ...]]) -> None:
        account = live(happenings)
        account.settle()

        for id, happened in account.happened.items():
            days = [day for day, _ in happened]
            assert days == sorted(days)
            assert account.states[id] == reduce(
                promise.evolve, (event for _, event in happened), promise.initial
            )
            assert not isinstance(account.states[id], DayPassed)
