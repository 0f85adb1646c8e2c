"""The oracle of the IBM journey against the facts published about the ledger and in the issue."""

import os
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from tests.journeys import ibm_deeds as deeds
from tests.journeys import ibm_oracle as oracle

REAL_DATA = os.environ.get("DUEBOOK_REAL_DATA")
real_data = [
    pytest.mark.real_data,
    pytest.mark.skipif(REAL_DATA is None, reason="DUEBOOK_REAL_DATA is not set"),
]


@dataclass(frozen=True)
class Answer:
    invoices: list[oracle.Invoice]
    reviews: list[oracle.Review]
    alerts: list[oracle.Alert]
    actions: list[deeds.Action]

    def review(self, account: str, effective_on: date) -> oracle.Review:
        wanted = (account, effective_on)
        return next(row for row in self.reviews if (row.account, row.effective_on) == wanted)


@pytest.fixture(scope="module")
def answer() -> Answer:
    (path,) = Path(REAL_DATA or "").glob("ibm-accounts-receivable/*.csv")
    invoices = oracle.read_invoices(path)
    rows = oracle.reviews(invoices)
    return Answer(invoices, rows, oracle.alerts(invoices, rows), deeds.actions(invoices, rows))


def figures(not_due: tuple[int, str], late: tuple[int, str]) -> dict[str, tuple[int, Decimal]]:
    filled = {"not_due": not_due, "1_30": late}
    pairs = {bucket: filled.get(bucket, (0, "0.00")) for bucket in oracle.BUCKETS}
    return {bucket: (count, Decimal(amount)) for bucket, (count, amount) in pairs.items()}


class TestLedger:
    pytestmark = real_data

    def test_reads_every_invoice(self, answer: Answer) -> None:
        assert len(answer.invoices) == 2466
        assert len(oracle.by_account(answer.invoices)) == 100
        assert oracle.total_invoiced(answer.invoices) == Decimal("147703.18")

    def test_late_invoices_have_the_published_amount(self, answer: Answer) -> None:
        late = [item for item in answer.invoices if item.days_beyond_terms > 0]
        assert oracle.total_invoiced(late) == Decimal("53960.78")
        assert len(late) == 877

    def test_days_to_settle_have_the_published_means(self, answer: Answer) -> None:
        days = [(i.settled_on - i.issued_on).days for i in answer.invoices]
        minor = [i.amount_minor for i in answer.invoices]
        weighted = Fraction(sum(d * m for d, m in zip(days, minor, strict=True)), sum(minor))
        assert round(Fraction(sum(days), len(days)), 4) == Fraction("26.4448")
        assert round(weighted, 4) == Fraction("26.7006")

    @pytest.mark.parametrize(
        ("as_of", "total", "expected"),
        [
            (date(2012, 12, 31), "5725.06", figures((86, "4936.32"), (13, "788.74"))),
            (date(2013, 6, 30), "5119.85", figures((72, "4284.29"), (12, "835.56"))),
            (date(2013, 12, 2), "4930.10", figures((76, "4422.79"), (7, "507.31"))),
        ],
    )
    def test_aging_is_the_published_one(
        self, answer: Answer, as_of: date, total: str, expected: dict[str, tuple[int, Decimal]]
    ) -> None:
        found = oracle.aging(answer.invoices, as_of)
        assert found == expected
        assert sum(amount for _, amount in found.values()) == Decimal(total)


class TestAlerts:
    pytestmark = real_data

    def test_one_per_threshold_crossed_and_one_recovery_each(self, answer: Answer) -> None:
        assert Counter(alert.threshold for alert in answer.alerts) == {1: 877, 30: 13}
        assert len({(alert.invoice, alert.threshold) for alert in answer.alerts}) == 890
        assert all(a.raised_on <= a.recovered_on <= oracle.LAST_DAY for a in answer.alerts)

    def test_a_payment_on_the_threshold_day_comes_after_the_alert(self, answer: Answer) -> None:
        assert sum(alert.raised_on == alert.recovered_on for alert in answer.alerts) == 66


class TestReviews:
    pytestmark = real_data

    def test_totals_are_those_of_the_issue(self, answer: Answer) -> None:
        scored = [row for row in answer.reviews if row.score is not None]
        assert len(list(oracle.month_ends())) == 24
        assert (len(answer.reviews), len(scored)) == (2351, 2067)
        grades = {"优质": 929, "良好": 366, "一般": 499, "较差": 273}
        assert Counter(row.grade for row in scored) == grades

    def test_no_cap_ever_applies(self, answer: Answer) -> None:
        scored = [row for row in answer.reviews if row.score is not None]
        assert {row.coverage for row in scored} == {Fraction(1), Fraction(66, 74)}
        assert max(row.behavior.max_dpd or 0 for row in scored) == 45

    @pytest.mark.parametrize(
        ("account", "effective_on", "points", "band", "grade"),
        [
            ("8364-UWVLM", date(2012, 3, 31), Fraction(5680, 66), "优质", "优质"),
            ("8364-UWVLM", date(2012, 6, 30), Fraction(4770, 66), "良好", "良好"),
            ("6831-FIODB", date(2012, 6, 30), Fraction(4490, 74), "一般", "一般"),
            ("6831-FIODB", date(2012, 8, 31), Fraction(3680, 74), "较差", "一般"),
            ("6831-FIODB", date(2012, 9, 30), Fraction(3680, 74), "较差", "较差"),
            ("5573-KSOIA", date(2013, 3, 31), Fraction(3980, 74), "一般", "一般"),
            ("1168-BEASA", date(2013, 2, 28), Fraction(6280, 74), "优质", "良好"),
            ("1168-BEASA", date(2013, 4, 30), Fraction(6600, 74), "优质", "优质"),
        ],
    )
    def test_golden_reviews(
        self,
        answer: Answer,
        account: str,
        effective_on: date,
        points: Fraction,
        band: str,
        grade: str,
    ) -> None:
        row = answer.review(account, effective_on)
        assert (row.score, row.band, row.grade) == (points, band, grade)

    def test_an_average_a_hair_above_an_edge_is_not_rounded(self, answer: Answer) -> None:
        seen = answer.review("6831-FIODB", date(2012, 6, 30)).behavior
        assert seen.adbt == Fraction(53, 21845)
        assert oracle.sub_score("ADBT", seen.adbt) == 85


class TestActions:
    pytestmark = real_data

    def test_are_fewer_than_the_thresholds_that_were_reached(self, answer: Answer) -> None:
        """Of 1152, 794 and 13 by due date: seven days apart, and none for what is paid."""
        assert Counter((action.step, action.kind) for action in answer.actions) == {
            (-3, "email"): 899,
            (1, "email"): 720,
            (1, "phone_task"): 190,
            (30, "letter"): 8,
            (30, "phone_task"): 8,
        }

    def test_each_is_once_per_account_and_day(self, answer: Answer) -> None:
        keys = {(a.account, a.done_on, a.kind) for a in answer.actions}
        assert len(keys) == len(answer.actions)

    def test_notices_are_seven_days_apart_unless_more_severe(self, answer: Answer) -> None:
        last: dict[str, deeds.Action] = {}
        for action in (one for one in answer.actions if one.is_notice):
            before = last.get(action.account)
            if before is not None and action.step <= before.step:
                assert (action.done_on - before.done_on).days >= 7
            last[action.account] = action

    def test_demand_nothing_that_is_paid(self, answer: Answer) -> None:
        items = {item.number: item for item in answer.invoices}
        for action in answer.actions:
            named = [items[number] for number in action.invoices]
            assert all(item.is_open(action.done_on) for item in named)
            assert sum(item.amount_minor for item in named) == action.demanded_minor


def paid(amount: int, days: int) -> oracle.Invoice:
    due_on = date(2024, 6, 1)
    issued_on = due_on - timedelta(days=oracle.NET_DAYS)
    return oracle.Invoice(str(amount), "A", issued_on, due_on + timedelta(days=days), amount)


def grades_after(start: str, scores: list[int]) -> list[str]:
    standing = oracle.Standing(grade=start)
    day, found = date(2024, 1, 31), []
    for points in scores:
        standing = oracle.next_standing(standing, Fraction(points), day)
        found.append(standing.grade)
        following = day + timedelta(days=1)
        day = oracle.day_in_month(following.year, following.month, 31)
    return found


class TestGoldens:
    """The numbers of the reference and of the issue; they need no data."""

    def test_behavior(self) -> None:
        book = [paid(100_000, 5), paid(50_000, -2), paid(200_000, 20)]
        seen = oracle.behavior(book, date(2024, 6, 30))
        assert (seen.adbt, seen.max_dpd) == (Fraction(88, 7), 20)
        assert seen.payment_index is not None
        assert round(seen.payment_index, 2) == Fraction("71.62")
        assert (seen.late_cnt, seen.late_amt) == (Fraction(2, 3), Fraction(6, 7))

    @pytest.mark.parametrize(
        ("adbt", "index"),
        [(-18, "89"), (0, "80"), (25, "56.25"), (45, "45"), (180, "10"), (240, "0"), (999, "0")],
    )
    def test_payment_index(self, adbt: int, index: str) -> None:
        assert oracle.payment_index(Fraction(adbt)) == Fraction(index)

    def test_score_of_three_indicators(self) -> None:
        seen = oracle.Behavior(
            3, Fraction(88, 7), None, None, Fraction(6, 7), max_dpd=20, trend=None,
            tenure_months=None,
        )  # fmt: skip
        points, coverage = oracle.score(seen)
        assert (points, coverage) == (Fraction(2940, 58), Fraction(58, 74))
        assert (round(points, 4), oracle.band_of(points)) == (Fraction("50.6897"), "一般")

    @pytest.mark.parametrize(
        ("scores", "expected"),
        [
            ([64, 64], ["良好", "一般"]),
            ([61], ["一般"]),
            ([64, 66, 64], ["良好"] * 3),
            ([81] * 4, ["良好"] * 4),
            ([84] * 3, ["良好", "良好", "优质"]),
            ([48], ["较差"]),
            ([84, 84, 80, 84, 84, 84], ["良好"] * 5 + ["优质"]),
        ],
    )
    def test_hysteresis(self, scores: list[int], expected: list[str]) -> None:
        assert grades_after("良好", scores) == expected

    @pytest.mark.parametrize(
        ("first", "last", "months"),
        [
            (date(2012, 1, 31), date(2012, 2, 28), 0),
            (date(2012, 1, 31), date(2012, 2, 29), 1),
            (date(2012, 2, 29), date(2013, 2, 28), 12),
            (date(2012, 3, 15), date(2012, 4, 14), 0),
            (date(2012, 3, 15), date(2012, 4, 15), 1),
        ],
    )
    def test_tenure(self, first: date, last: date, months: int) -> None:
        assert oracle.whole_months(first, last) == months
