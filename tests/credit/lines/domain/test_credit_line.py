from __future__ import annotations

from datetime import date
from uuid import UUID

from services.credit.lines.domain.credit_line import commands, events
from services.credit.lines.domain.credit_line.decide import (
    credit_line,
    set_limit,
)
from shared.kernel.decider import Book
from shared.kernel.money import Money
from shared.kernel.rejections import AmountNotPositive, CurrencyMismatch
from tests.support.spec import given

ACCOUNT = UUID(int=1)


def command(amount: str, currency: str = "CNY") -> commands.SetLimit:
    return commands.SetLimit(
        book=Book(UUID(int=7), "CN01"),
        account_id=ACCOUNT,
        account_number="C-1001",
        account_currency="CNY",
        limit=Money.of(amount, currency),
        effective_on=date(2026, 3, 31),
        time_zone="Asia/Shanghai",
    )


def limit_set(amount: str, previous: str | None = None) -> events.CreditLineLimitSet:
    return events.CreditLineLimitSet(
        account_id=ACCOUNT,
        account_number="C-1001",
        limit=Money.of(amount, "CNY"),
        previous=None if previous is None else Money.of(previous, "CNY"),
    )


class TestSetLimit:
    def test_sets_the_first_limit(self) -> None:
        given(credit_line).when(set_limit, command("500000.00")).then(limit_set("500000.00"))

    def test_says_which_limit_it_replaces(self) -> None:
        before = given(credit_line, limit_set("100.00"))

        before.when(set_limit, command("0.00")).then(limit_set("0.00", "100.00"))

    def test_stays_quiet_about_the_limit_that_is_set(self) -> None:
        given(credit_line, limit_set("100.00")).when(set_limit, command("100.00")).then_nothing()

    def test_refuses_another_currency(self) -> None:
        given(credit_line).when(set_limit, command("5.00", "USD")).then_rejected(
            CurrencyMismatch, "/limit/currency"
        )

    def test_refuses_less_than_nothing(self) -> None:
        given(credit_line).when(set_limit, command("-0.01")).then_rejected(
            AmountNotPositive, "/limit/amount"
        )
