from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TypeVar

import pytest

from services.cli.simulation import book
from services.cli.simulation.book import Action, Book
from services.cli.simulation.generator import generate
from services.cli.simulation.habits import HABITS
from shared.kernel.money import Money

T = TypeVar("T")

THRESHOLDS = (-3, 1, 30, 60, 90)


@pytest.fixture(scope="module")
def year() -> Book:
    return generate(seed=7, customers=200, months=12)


def of_kind(actions: tuple[Action, ...], kind: type[T]) -> list[T]:
    return [action for action in actions if isinstance(action, kind)]


class TestGenerate:
    def test_gives_the_same_book_for_the_same_seed(self, year: Book) -> None:
        assert generate(seed=7, customers=200, months=12) == year
        assert generate(seed=8, customers=200, months=12).actions != year.actions

    def test_gives_a_customer_the_same_story_in_a_larger_book(self, year: Book) -> None:
        small = generate(seed=7, customers=3, months=12)
        mine = tuple(action for action in year.actions if action.account in small.habits)

        assert mine == small.actions

    @pytest.mark.parametrize("seed", [1, 7, 42])
    def test_crosses_every_threshold(self, seed: int) -> None:
        crossed = _crossed(generate(seed=seed, customers=60, months=12))

        assert all(crossed[threshold] > 0 for threshold in THRESHOLDS)

    def test_never_takes_more_than_is_open_nor_gives_more_than_is_paid(self, year: Book) -> None:
        for _, open_amounts in _days(year):
            assert all(minor >= 0 for minor in open_amounts.values())
        for payment in of_kind(year.actions, book.ReceivePayment):
            given = sum(share.minor for _, share in payment.shares)
            assert 0 < given <= payment.amount.minor

    def test_has_something_of_everything(self, year: Book) -> None:
        payments = of_kind(year.actions, book.ReceivePayment)
        kinds = Counter(type(action).__name__ for action in year.actions)

        assert set(year.habits.values()) == set(HABITS)
        assert kinds["OpenAccount"] == 200
        assert min(kinds[name] for name in ("ReversePayment", "MakePromise", "SetLimit")) > 10
        assert any(len(payment.shares) > 1 for payment in payments)  # Bundled.
        assert any(payment.oldest_first for payment in payments)
        assert any(_rest(payment) > 0 for payment in payments)  # Overpaid.
        assert max(Counter(n for p in payments for n, _ in p.shares).values()) > 1  # Partial.

    def test_keeps_some_promises_and_breaks_others(self, year: Book) -> None:
        outcomes = Counter(_is_kept(year, promise) for promise in _promises_due(year))

        assert outcomes[True] > 20
        assert outcomes[False] > 20

    def test_owes_plausible_amounts(self, year: Book) -> None:
        totals = [invoice.total.minor for invoice in of_kind(year.actions, book.IssueInvoice)]
        *_, (_, left) = _days(year)

        assert 30_000 <= min(totals) <= max(totals) <= 40_000_000
        assert 0.02 < sum(left.values()) / sum(totals) < 0.5

    def test_does_nothing_with_an_account_before_it_is_open(self, year: Book) -> None:
        opened: set[str] = set()
        for action in year.actions:
            if isinstance(action, book.OpenAccount):
                opened.add(action.account)
            assert action.account in opened

    def test_stays_within_its_days(self, year: Book) -> None:
        assert year.last == date(2026, 1, 1)
        assert all(year.first <= action.on < year.last for action in year.actions)

    @pytest.mark.parametrize(("customers", "months"), [(0, 1), (1, 0), (5_001, 1), (1, 121)])
    def test_refuses_a_book_of_no_size_or_too_large(self, customers: int, months: int) -> None:
        with pytest.raises(ValueError, match="must be between"):
            generate(seed=1, customers=customers, months=months)


def _rest(payment: book.ReceivePayment) -> int:
    return payment.amount.minor - sum(share.minor for _, share in payment.shares)


def _days(generated: Book) -> Iterator[tuple[date, dict[str, int]]]:
    """What is open of every invoice at the end of each day, added up apart from the generator."""
    open_amounts: dict[str, int] = {}
    payments = {p.number: p for p in of_kind(generated.actions, book.ReceivePayment)}
    actions = iter(generated.actions)
    action = next(actions, None)
    for n in range((generated.last - generated.first).days):
        day = generated.first + timedelta(days=n)
        while action is not None and action.on == day:
            if isinstance(action, book.IssueInvoice):
                open_amounts[action.number] = action.total.minor
            elif isinstance(action, book.ReceivePayment):
                for number, share in action.shares:
                    open_amounts[number] -= share.minor
                    assert open_amounts[number] >= 0
            elif isinstance(action, book.ReversePayment):
                for number, share in payments[action.number].shares:
                    open_amounts[number] += share.minor
            action = next(actions, None)
        yield day, open_amounts


def _crossed(generated: Book) -> Counter[int]:
    due = {
        invoice.number: invoice.on + timedelta(days=invoice.net_days)
        for invoice in of_kind(generated.actions, book.IssueInvoice)
    }
    crossed: Counter[int] = Counter()
    for day, open_amounts in _days(generated):
        for number, minor in open_amounts.items():
            days = (day + timedelta(days=1) - due[number]).days
            crossed[days] += minor > 0 and days in THRESHOLDS
    return crossed


def _promises_due(generated: Book) -> list[book.MakePromise]:
    return [
        p for p in of_kind(generated.actions, book.MakePromise) if p.promised_on < generated.last
    ]


def _is_kept(generated: Book, promise: book.MakePromise) -> bool:
    paid = Money.zero(promise.amount.currency)
    for payment in of_kind(generated.actions, book.ReceivePayment):
        if payment.account == promise.account and promise.on <= payment.on <= promise.promised_on:
            for _, share in payment.shares:
                paid = paid + share
    return paid >= promise.amount
