from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dunning.work.domain.promise_keeping import (
    AllocatedCash,
    PromisedCash,
    counts_from,
    received_in_time,
)
from shared.kernel.money import Money
from tests.support.dunning import after, at, yuan
from tests.support.dunning_book import local

PROMISE = PromisedCash(
    id=UUID(int=1), amount=yuan(100), promised_on=after(9), counts_from=at(after(2)), is_kept=False
)
CASH = AllocatedCash(id=UUID(int=11), amount=yuan(100), value_on=after(9), recorded_at=at(after(9)))


def received(promises: list[PromisedCash], cash: list[AllocatedCash]) -> dict[int, int]:
    return {row.promise.id.int: row.received.minor for row in received_in_time(promises, cash)}


class TestReceivedInTime:
    def test_counts_cash_of_the_promised_day(self) -> None:
        assert received([PROMISE], [CASH]) == {1: 100}

    def test_adds_several_allocations_up(self) -> None:
        halves = [replace(CASH, id=UUID(int=n), amount=yuan(50)) for n in (11, 12)]

        assert received([PROMISE], halves) == {1: 100}

    def test_ignores_a_value_date_after_the_promised_day(self) -> None:
        assert received([PROMISE], [replace(CASH, value_on=after(10))]) == {1: 0}

    def test_ignores_what_was_recorded_before_the_promise(self) -> None:
        before = replace(CASH, recorded_at=PROMISE.counts_from - timedelta(seconds=1))

        assert received([PROMISE], [before]) == {1: 0}

    def test_counts_what_was_recorded_while_a_manual_clock_stood_still(self) -> None:
        assert received([PROMISE], [replace(CASH, recorded_at=PROMISE.counts_from)]) == {1: 100}

    def test_counts_a_backdated_payment_recorded_after_the_day(self) -> None:
        assert received([PROMISE], [replace(CASH, recorded_at=at(after(30)))]) == {1: 100}

    def test_ignores_another_currency(self) -> None:
        assert received([PROMISE], [replace(CASH, amount=Money(100, "USD"))]) == {1: 0}

    def test_gives_every_cent_to_one_promise_only_the_earlier_day_first(self) -> None:
        later = replace(PROMISE, id=UUID(int=2), promised_on=after(20))

        assert received([later, PROMISE], [CASH]) == {1: 100, 2: 0}
        assert received([later, PROMISE], [replace(CASH, amount=yuan(130))]) == {1: 100, 2: 30}

    def test_leaves_cash_that_came_too_late_to_a_later_promise(self) -> None:
        later = replace(PROMISE, id=UUID(int=2), promised_on=after(20))

        assert received([PROMISE, later], [replace(CASH, value_on=after(15))]) == {1: 0, 2: 100}

    @pytest.mark.parametrize("is_kept", [True, False])
    def test_lets_a_promise_hold_what_came_for_it_whatever_became_of_it(
        self, is_kept: bool
    ) -> None:
        """A broken promise holds it too: none of it counts for a later one."""
        earlier = replace(PROMISE, is_kept=is_kept)
        later = replace(PROMISE, id=UUID(int=2), promised_on=after(20))
        rest = replace(CASH, id=UUID(int=12), amount=yuan(40), value_on=after(15))

        assert received([earlier, later], [replace(CASH, amount=yuan(60)), rest]) == {1: 60, 2: 40}


class TestCountsFrom:
    """Seen: cash that came between what was said and its entry did not count."""

    def test_is_when_it_was_entered_on_the_day_it_was_made(self) -> None:
        entered = local(after(2), 23, 59)

        assert self._from(entered) == entered

    def test_is_the_end_of_the_day_it_was_made_for_one_entered_later(self) -> None:
        assert self._from(local(after(4), 9)) == local(after(3), 0)

    def _from(self, recorded_at: datetime) -> datetime:
        return counts_from(made_on=after(2), recorded_at=recorded_at, time_zone="Asia/Shanghai")


promises = st.lists(
    st.builds(
        lambda n, minor, day, hour, is_kept: PromisedCash(
            id=UUID(int=n),
            amount=yuan(minor),
            promised_on=after(day),
            counts_from=at(after(0), hour),
            is_kept=is_kept,
        ),
        st.integers(1, 50),
        st.integers(1, 300),
        st.integers(0, 9),
        st.integers(0, 23),
        st.booleans(),
    ),
    max_size=6,
    unique_by=lambda row: row.id,
)
cash = st.lists(
    st.builds(
        lambda n, minor, day, hour: AllocatedCash(
            id=UUID(int=n), amount=yuan(minor), value_on=after(day), recorded_at=at(after(0), hour)
        ),
        st.integers(100, 150),
        st.integers(1, 300),
        st.integers(0, 9),
        st.integers(0, 23),
    ),
    max_size=6,
    unique_by=lambda row: row.id,
)


@given(promises, cash)
def test_no_cent_is_counted_twice_and_no_promise_gets_too_much(
    made: list[PromisedCash], came: list[AllocatedCash]
) -> None:
    result = received_in_time(made, came)
    wanted = {row.id: row.amount.minor for row in made}

    assert sorted(row.promise.id for row in result) == sorted(wanted)
    assert sum(row.received.minor for row in result) <= sum(row.amount.minor for row in came)
    assert all(0 <= row.received.minor <= wanted[row.promise.id] for row in result)


@given(promises, cash)
def test_the_order_of_reading_does_not_matter(
    made: list[PromisedCash], came: list[AllocatedCash]
) -> None:
    assert received_in_time(made, came) == received_in_time(made[::-1], came[::-1])


@given(promises, cash, st.integers(0, 5))
def test_more_cash_never_takes_from_a_promise(
    made: list[PromisedCash], came: list[AllocatedCash], less: int
) -> None:
    before, after_it = received(made, came[:less]), received(made, came)

    assert all(before[id] <= after_it[id] for id in before)


@given(promises, cash)
def test_what_became_of_a_promise_does_not_matter(
    made: list[PromisedCash], came: list[AllocatedCash]
) -> None:
    others = [replace(row, is_kept=not row.is_kept) for row in made]

    assert received(made, came) == received(others, came)
