"""Due dates of agreed terms as others have published them, and the laws that hold for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.receivables.domain.aging import DUE_ON_MAX
from services.ledger.receivables.domain.terms import (
    ADD_DAYS_MAX,
    ADD_MONTHS_MAX,
    Discount,
    DiscountOutOfOrder,
    DueDatePrecedesIssueDate,
    DueRule,
    Portion,
    PortionNotPositive,
    PortionsNotWhole,
    Terms,
    due_on,
    net_days,
    schedule,
)
from shared.kernel.days import end_of_month
from shared.kernel.decider import Rejected
from shared.kernel.money import Money, total
from shared.kernel.rejections import EffectiveDateOutOfRange

ON: Final = date(2026, 1, 31)
(PLAIN,) = net_days(ON, 0).portions
EOM: Final = {"month_end": "end_of_month"}
FIRST: Final = {"month_end": "first_of_next_month"}


def rule(anchor_on: str, **steps: Any) -> Portion:
    return replace(PLAIN, anchor_on=date.fromisoformat(anchor_on), **steps)


def cny(amount: str) -> Money:
    return Money.of(amount, "CNY")


def portions(*percents: str, **steps: Any) -> tuple[Portion, ...]:
    return tuple(replace(PLAIN, percent=percent, **steps) for percent in percents)


def of(*percents: str, discounts: Sequence[Discount] = ()) -> Terms:
    return Terms(portions=portions(*percents), discounts=tuple(discounts))


def discount(percent: str, within_days: int) -> Discount:
    return Discount(percent=percent, within_days=within_days)


class TestPublishedDueDates:
    @pytest.mark.parametrize(
        ("anchor_on", "steps", "expected"),
        [
            # https://github.com/frappe/erpnext/issues/40077, net 30 and the same day of next month
            ("2024-03-15", {"add_days": 30}, "2024-04-14"),
            ("2024-03-15", {"add_days": 60}, "2024-05-14"),
            ("2024-03-15", {"add_days": 90}, "2024-06-13"),
            ("2024-03-15", {"add_months": 1}, "2024-04-15"),
            ("2024-03-15", {"add_months": 2}, "2024-05-15"),
            ("2024-03-15", {"add_months": 3}, "2024-06-15"),
            # https://github.com/frappe/erpnext/issues/22201, a month after the end of the month
            ("2020-06-11", {**EOM, "add_months": 1}, "2020-07-31"),
            # https://github.com/frappe/erpnext/issues/3451, "30 days EOM"
            ("2015-01-01", {**EOM, "add_months": 1}, "2015-02-28"),
            ("2015-06-16", {**EOM, "add_months": 1}, "2015-07-31"),
            ("2015-10-31", {**EOM, "add_months": 1}, "2015-11-30"),
            # https://github.com/OCA/account-payment/issues/919, a month after the end of February
            ("2025-02-01", {**EOM, "add_months": 1}, "2025-03-31"),
            ("2025-02-28", {**EOM, "add_months": 1}, "2025-03-31"),
            # https://github.com/odoo/odoo/issues/10459, "30 days end of month on 10"
            (
                "2016-01-14",
                {"add_days": 30, **EOM, "fixed_day": 10, "order": "days_first"},
                "2016-03-10",
            ),
            # https://github.com/odoo/odoo/pull/143758, 90 days, end of month, the 10th
            (
                "2023-11-25",
                {"add_days": 90, **EOM, "fixed_day": 10, "order": "days_first"},
                "2024-03-10",
            ),
            # https://github.com/OCA/account-invoicing/pull/103: these two are not the same
            ("2026-01-15", {**EOM, "add_days": 45}, "2026-03-17"),
            ("2026-01-15", {"add_days": 45, **EOM, "order": "days_first"}, "2026-03-31"),
        ],
    )
    def test_are_found(self, anchor_on: str, steps: dict[str, Any], expected: str) -> None:
        assert due_on(rule(anchor_on, **steps)) == date.fromisoformat(expected)

    @pytest.mark.parametrize(
        ("idiom", "anchor_on", "steps", "expected"),
        [
            ("票到30天, net 30", "2025-03-10", {"add_days": 30}, "2025-04-09"),
            ("月结30天 as the same day", "2025-03-10", {"add_months": 1}, "2025-04-10"),
            ("月结30天 from the month's end", "2025-03-10", {**EOM, "add_days": 30}, "2025-04-30"),
            ("月结30天 from the month's end", "2025-05-15", {**EOM, "add_days": 30}, "2025-06-30"),
            ("月结30天 from the month's end", "2025-01-31", {**EOM, "add_days": 30}, "2025-03-02"),
            ("月结30天 from the month's end", "2026-01-15", {**EOM, "add_days": 30}, "2026-03-02"),
            ("月结, end of next month", "2025-03-10", {**EOM, "add_months": 1}, "2025-04-30"),
            ("月结, end of next month", "2025-01-31", {**EOM, "add_months": 1}, "2025-02-28"),
            ("次月结30天", "2025-03-10", {**FIRST, "add_days": 30}, "2025-05-01"),
            ("次月结30+15", "2025-03-10", {"add_months": 2, "fixed_day": 15}, "2025-05-15"),
            (
                "25日截止 月结30: 26 March counts as April",
                "2025-03-26",
                {"cutoff_day": 25, **EOM, "add_days": 30},
                "2025-05-30",
            ),
            (
                "25日截止 月结30: the 25th is still March",
                "2025-03-25",
                {"cutoff_day": 25, **EOM, "add_days": 30},
                "2025-04-30",
            ),
            ("货到付款, on delivery", "2025-03-10", {"anchor": "delivery"}, "2025-03-10"),
        ],
    )
    def test_of_chinese_terms_are_found(
        self, idiom: str, anchor_on: str, steps: dict[str, Any], expected: str
    ) -> None:
        assert due_on(rule(anchor_on, **steps)) == date.fromisoformat(expected), idiom

    def test_a_contract_in_three_portions(self) -> None:
        """预付30 % + 发货前60 % + 质保10 %: signing, delivery, a year after acceptance."""
        signed, delivered, accepted = date(2025, 3, 10), date(2025, 5, 20), date(2025, 6, 1)
        agreed = Terms(
            portions=(
                replace(PLAIN, anchor="contract_signing", anchor_on=signed, percent="30"),
                replace(PLAIN, anchor="delivery", anchor_on=delivered, percent="60"),
                replace(
                    PLAIN, anchor="acceptance", anchor_on=accepted, add_months=12, percent="10"
                ),
            ),
            discounts=(),
        )

        found = schedule(cny("99999.99"), agreed, signed)

        assert [(each.due_on, each.amount) for each in found] == [
            (signed, cny("30000.00")),
            (delivered, cny("59999.99")),
            (date(2026, 6, 1), cny("10000.00")),
        ]

    def test_two_ten_net_thirty_costs_44_59_percent_a_year_to_pass_over(self) -> None:
        (whole,) = net_days(ON, 30).portions
        agreed = Terms(portions=(whole,), discounts=(discount("2", 10),))

        (found,) = schedule(cny("100.00"), agreed, ON)
        (window,) = found.discounts

        assert (window.last_on, window.amount) == (date(2026, 2, 10), cny("98.00"))
        saved = Decimal((found.amount - window.amount).amount) / Decimal(window.amount.amount)
        year = (1 + saved) ** (Decimal(365) / (found.due_on - window.last_on).days) - 1
        assert round(year * 100, 2) == Decimal("44.59")


class TestDueOn:
    @pytest.mark.parametrize(
        ("anchor_on", "steps", "expected"),
        [
            ("2026-01-31", {"add_months": 1}, "2026-02-28"),
            ("2026-02-28", {"add_months": 1}, "2026-03-28"),
            ("2026-02-28", {**EOM, "add_months": 1}, "2026-03-31"),
            ("2026-01-31", {**FIRST}, "2026-02-01"),
            ("2026-12-31", {**FIRST, "add_months": 1}, "2027-02-01"),
            ("2026-01-31", {"fixed_day": 31}, "2026-01-31"),
            ("2026-02-01", {"fixed_day": 31}, "2026-02-28"),
            ("2026-01-31", {"fixed_day": 30}, "2026-02-28"),
            ("2026-03-10", {"fixed_day": 10}, "2026-03-10"),
            ("2026-03-11", {"fixed_day": 10}, "2026-04-10"),
            ("2026-12-11", {"fixed_day": 10}, "2027-01-10"),
            ("2026-02-28", {"cutoff_day": 31}, "2026-02-28"),
            ("2026-12-26", {"cutoff_day": 25}, "2027-01-01"),
        ],
    )
    def test_takes_its_steps_one_after_the_other(
        self, anchor_on: str, steps: dict[str, Any], expected: str
    ) -> None:
        assert due_on(rule(anchor_on, **steps)) == date.fromisoformat(expected)


class TestSchedule:
    def test_gives_what_is_left_to_the_portion_named_last(self) -> None:
        found = schedule(cny("100.00"), of("33.3333", "33.3333", "33.3334"), ON)

        assert [each.amount for each in found] == [cny("33.33"), cny("33.33"), cny("33.34")]

    def test_rounds_half_up_to_the_digits_of_the_currency(self) -> None:
        halves = of("50", "50")

        assert [each.amount.amount for each in schedule(Money.of("3", "JPY"), halves, ON)] == [
            "2",
            "1",
        ]
        assert [each.amount.amount for each in schedule(Money.of("0.005", "BHD"), halves, ON)] == [
            "0.003",
            "0.002",
        ]

    def test_puts_the_earliest_first_and_keeps_its_amount_with_it(self) -> None:
        late, soon = portions("70", "30")
        agreed = Terms(portions=(replace(late, add_days=60), soon), discounts=())

        found = schedule(cny("10.01"), agreed, ON)

        assert [(each.due_on, each.amount) for each in found] == [
            (ON, cny("3.00")),
            (ON + timedelta(days=60), cny("7.01")),
        ]

    def test_opens_each_window_on_the_day_of_the_portions_anchor(self) -> None:
        first, second = portions("50", "50", add_days=30)
        second = replace(second, anchor="delivery", anchor_on=date(2026, 2, 20))
        agreed = Terms(portions=(first, second), discounts=(discount("3", 5), discount("1.5", 10)))

        found = schedule(cny("200.02"), agreed, ON)

        assert [
            [(each.last_on, each.percent, each.amount) for each in item.discounts] for item in found
        ] == [
            [(date(2026, 2, 5), "3", cny("97.01")), (date(2026, 2, 10), "1.5", cny("98.51"))],
            [(date(2026, 2, 25), "3", cny("97.01")), (date(2026, 3, 2), "1.5", cny("98.51"))],
        ]

    @pytest.mark.parametrize(
        ("terms", "reason", "field"),
        [
            (of("50", "49.9999"), PortionsNotWhole, "/terms/portions"),
            (of("50", "50.0001"), PortionsNotWhole, "/terms/portions"),
            (of("99.99", "0.01"), PortionNotPositive, "/terms/portions/1/percent"),
            (of("0.01", "99.99"), PortionNotPositive, "/terms/portions/0/percent"),
            (
                of("100", discounts=[discount("2", 10), discount("2", 20)]),
                DiscountOutOfOrder,
                "/terms/discounts/1",
            ),
            (
                of("100", discounts=[discount("2", 10), discount("1", 10)]),
                DiscountOutOfOrder,
                "/terms/discounts/1",
            ),
            (of("100", discounts=[discount("100", 1)]), DiscountOutOfOrder, "/terms/discounts/0"),
            (of("100", discounts=[discount("0", 1)]), DiscountOutOfOrder, "/terms/discounts/0"),
            (
                of("100", discounts=[discount("1", 10**9)]),
                EffectiveDateOutOfRange,
                "/terms/discounts/0/within_days",
            ),
            (net_days(ON, 10**9), EffectiveDateOutOfRange, "/terms"),
            (
                Terms(portions=portions("100", add_months=ADD_MONTHS_MAX + 1), discounts=()),
                EffectiveDateOutOfRange,
                "/terms",
            ),
            (
                Terms(
                    portions=(*portions("50"), *portions("50", anchor_on=date(2200, 1, 1))),
                    discounts=(),
                ),
                EffectiveDateOutOfRange,
                "/terms/portions/1",
            ),
            (
                Terms(portions=portions("100", anchor_on=date.max, fixed_day=1), discounts=()),
                EffectiveDateOutOfRange,
                "/terms",
            ),
            (
                Terms(portions=portions("100", anchor_on=DUE_ON_MAX, add_days=1), discounts=()),
                EffectiveDateOutOfRange,
                "/terms",
            ),
            (net_days(ON - timedelta(days=31), 30), DueDatePrecedesIssueDate, "/terms"),
        ],
    )
    def test_refuses_what_does_not_add_up(
        self, terms: Terms, reason: type[Rejected], field: str
    ) -> None:
        with pytest.raises(reason) as refused:
            schedule(cny("0.50"), terms, ON)

        assert type(refused.value) is reason
        assert refused.value.field == field

    def test_takes_what_is_due_on_the_last_day_there_is(self) -> None:
        last = Terms(portions=portions("100", anchor_on=DUE_ON_MAX), discounts=())

        assert [each.due_on for each in schedule(cny("0.50"), last, ON)] == [DUE_ON_MAX]


RULES: Final = st.builds(
    DueRule,
    anchor=st.just("delivery"),
    anchor_on=st.dates(date(2020, 1, 1), date(2032, 12, 31)),
    cutoff_day=st.none() | st.integers(1, 31),
    month_end=st.sampled_from(["none", "end_of_month", "first_of_next_month"]),
    add_months=st.integers(0, ADD_MONTHS_MAX),
    add_days=st.integers(0, ADD_DAYS_MAX) | st.integers(0, 120),
    fixed_day=st.none() | st.integers(1, 31),
    order=st.sampled_from(["month_first", "days_first"]),
)
PERCENTS: Final = st.lists(st.integers(1, 40_0000), min_size=1, max_size=5).map(
    lambda parts: [*parts, 1_000_000 - sum(parts)] if sum(parts) < 1_000_000 else [1_000_000]
)


def in_percents(parts: Sequence[int]) -> list[str]:
    """Ten-thousandths of a percent as decimal texts."""
    return [f"{part // 10_000}.{part % 10_000:04}" for part in parts]


class TestLaws:
    @given(RULES)
    def test_nothing_is_due_before_the_anchor(self, found: DueRule) -> None:
        assert due_on(found) >= found.anchor_on

    @given(RULES, st.integers(1, 70))
    def test_a_later_anchor_never_makes_it_due_earlier(self, found: DueRule, days: int) -> None:
        """With a cut-off too: who is after it waits at least as long as who is before it."""
        later = replace(found, anchor_on=found.anchor_on + timedelta(days=days))

        assert due_on(later) >= due_on(found)

    @given(RULES)
    def test_a_month_that_ends_ends_for_any_number_of_months(self, found: DueRule) -> None:
        ending = replace(found, month_end="end_of_month", add_days=0, fixed_day=None)

        assert due_on(ending) == end_of_month(due_on(ending))

    @given(RULES, st.integers(1, 31))
    def test_a_fixed_day_is_that_day_or_the_last_of_a_shorter_month(
        self, found: DueRule, day: int
    ) -> None:
        due = due_on(replace(found, fixed_day=day))

        assert due.day == min(day, end_of_month(due).day)
        assert due <= due_on(replace(found, fixed_day=None)) + timedelta(days=31)

    @given(st.integers(1, 10**12), PERCENTS, st.lists(RULES, min_size=6, max_size=6))
    def test_the_installments_are_the_whole_in_the_order_of_their_days(
        self, minor: int, parts: Sequence[int], rules: Sequence[DueRule]
    ) -> None:
        whole = Money(minor, "CNY")
        agreed = tuple(
            replace(
                PLAIN,
                anchor_on=each.anchor_on,
                add_months=each.add_months,
                add_days=each.add_days,
                percent=percent,
            )
            for percent, each in zip(in_percents(parts), rules, strict=False)
        )
        terms = Terms(portions=agreed, discounts=(discount("7.5", 3), discount("0.0001", 30)))
        try:
            found = schedule(whole, terms, date(2020, 1, 1))
        except PortionNotPositive:
            assert minor < 10_000_000  # Of more, the least percent outweighs all that is rounded.
            return

        assert total((each.amount for each in found), "CNY") == whole
        assert all(each.amount.minor > 0 for each in found)
        assert sorted(each.due_on for each in found) == [each.due_on for each in found]
        assert sorted(each.due_on for each in found) == sorted(map(due_on, agreed))
        for item in found:
            paid = [each.amount for each in item.discounts]
            assert all(earlier <= later for earlier, later in pairwise([*paid, item.amount]))
