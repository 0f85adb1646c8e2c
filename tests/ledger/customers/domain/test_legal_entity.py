from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.ledger.customers.domain.legal_entity import commands, decide, events
from shared.kernel.money import Money
from shared.kernel.rejections import CurrencyMismatch, EffectiveDateOutOfRange, NumberAlreadyUsed
from tests.support.ledger import BOOK
from tests.support.spec import given

TODAY = date(2026, 2, 1)
NOW = datetime(2026, 1, 31, 16, 30, tzinfo=UTC)  # Half past midnight in Shanghai.
REGISTER = commands.RegisterLegalEntity(
    book=BOOK,
    name="华东贸易",
    time_zone="Asia/Shanghai",
    currency="CNY",
    take_over_on=None,
    notice_minimum=None,
    address=None,
    now=NOW,
)
REGISTERED = events.LegalEntityRegistered(
    code="CN01",
    name="华东贸易",
    time_zone="Asia/Shanghai",
    currency="CNY",
    registered_on=TODAY,
    take_over_on=None,
    notice_minimum=Money.of("1.00", "CNY"),
    address=None,
)
ID = decide.legal_entity.stream(BOOK, "CN01").id


class TestRegister:
    def test_gives_the_entity_its_zone_and_currency(self) -> None:
        given(decide.legal_entity).when(decide.register, REGISTER).then(REGISTERED)

    def test_refuses_a_code_that_is_used(self) -> None:
        given(decide.legal_entity, REGISTERED).when(decide.register, REGISTER).then_rejected(
            NumberAlreadyUsed, "/code"
        )

    def test_is_dated_on_the_entitys_own_day(self) -> None:
        given(decide.legal_entity).when(decide.register, REGISTER).then_on(TODAY)

    @pytest.mark.parametrize("day", [date(2012, 1, 1), TODAY, date(2026, 7, 1)])
    def test_takes_a_book_over_on_any_day(self, day: date) -> None:
        given(decide.legal_entity).when(decide.register, replace(REGISTER, take_over_on=day)).then(
            replace(REGISTERED, take_over_on=day)
        )

    @pytest.mark.parametrize(
        ("currency", "minimum"), [("CNY", "1.00"), ("JPY", "1"), ("KWD", "1.000")]
    )
    def test_reminds_nobody_of_one_unit_of_its_currency(self, currency: str, minimum: str) -> None:
        expected = replace(
            REGISTERED, currency=currency, notice_minimum=Money.of(minimum, currency)
        )

        given(decide.legal_entity).when(decide.register, replace(REGISTER, currency=currency)).then(
            expected
        )

    @pytest.mark.parametrize("amount", ["0.00", "25.00"])
    def test_takes_another_minimum_and_an_address(self, amount: str) -> None:
        minimum, address = Money.of(amount, "CNY"), "上海市静安区\n200041"
        wish = replace(REGISTER, notice_minimum=minimum, address=address)

        given(decide.legal_entity).when(decide.register, wish).then(
            replace(REGISTERED, notice_minimum=minimum, address=address)
        )

    def test_refuses_a_minimum_in_another_currency(self) -> None:
        wrong = replace(REGISTER, notice_minimum=Money.of("1.00", "EUR"))

        given(decide.legal_entity).when(decide.register, wrong).then_rejected(
            CurrencyMismatch, "/notice_minimum/currency"
        )


def change(to: date) -> commands.ChangeTakeOverDate:
    return commands.ChangeTakeOverDate(legal_entity_id=ID, take_over_on=to, now=NOW)


AHEAD = date(2026, 3, 1)
PLANNED = replace(REGISTERED, take_over_on=AHEAD)


class TestChangeTakeOverDate:
    @pytest.mark.parametrize("to", [TODAY, date(2026, 2, 15), date(2026, 4, 1)])
    def test_moves_it_while_it_is_ahead(self, to: date) -> None:
        given(decide.legal_entity, PLANNED).when(decide.change_take_over_date, change(to)).then(
            events.TakeOverDateChanged(code="CN01", take_over_on=to, previous=AHEAD)
        )

    def test_gives_one_to_an_entity_without(self) -> None:
        given(decide.legal_entity, REGISTERED).when(
            decide.change_take_over_date, change(AHEAD)
        ).then(events.TakeOverDateChanged(code="CN01", take_over_on=AHEAD, previous=None))

    def test_is_about_the_day_it_is_changed(self) -> None:
        given(decide.legal_entity, PLANNED).when(
            decide.change_take_over_date, change(date(2026, 4, 1))
        ).then_on(TODAY)

    @pytest.mark.parametrize("reached", [TODAY, date(2012, 1, 1)])
    def test_is_refused_once_it_is_reached(self, reached: date) -> None:
        """At the start of its day in the entity's zone."""
        given(decide.legal_entity, replace(REGISTERED, take_over_on=reached)).when(
            decide.change_take_over_date, change(AHEAD)
        ).then_rejected(decide.TakeOverDateReached, "/take_over_on")

    def test_refuses_a_day_that_is_over(self) -> None:
        given(decide.legal_entity, PLANNED).when(
            decide.change_take_over_date, change(date(2026, 1, 31))
        ).then_rejected(EffectiveDateOutOfRange, "/take_over_on")

    @pytest.mark.parametrize("day", [AHEAD, TODAY, date(2012, 1, 1)])
    def test_stays_quiet_when_it_is_that_day_already(self, day: date) -> None:
        given(decide.legal_entity, replace(REGISTERED, take_over_on=day)).when(
            decide.change_take_over_date, change(day)
        ).then_nothing()
