from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from services.ledger.customers.domain.account import commands, decide, events
from services.ledger.customers.domain.legal_entity import state as legal_entity
from shared.kernel.rejections import NumberAlreadyUsed
from tests.support.ledger import ACCOUNT_ID, BOOK, cny, noon
from tests.support.spec import given

OPEN = commands.OpenAccount(
    book=BOOK, number="C-1001", collector_id=UUID(int=5), now=noon(date(2026, 1, 1))
)
ENTITY = legal_entity.Registered(
    code="CN01",
    name="华东贸易",
    time_zone="Asia/Shanghai",
    currency="CNY",
    registered_on=date(2026, 1, 1),
    take_over_on=None,
    notice_minimum=cny("1.00"),
    address=None,
)
OPENED = events.AccountOpened(
    account_id=ACCOUNT_ID,
    legal_entity="CN01",
    number="C-1001",
    time_zone="Asia/Shanghai",
    currency="CNY",
    party_id=decide.party_of(ACCOUNT_ID),
    collector_id=UUID(int=5),
    opened_on=date(2026, 1, 1),
)


class TestOpenAccount:
    def test_takes_zone_and_currency_from_the_entity(self) -> None:
        given(decide.account).when(
            decide.open_account, OPEN, account_id=ACCOUNT_ID, entity=ENTITY
        ).then(OPENED)

    def test_refuses_an_entity_nobody_registered(self) -> None:
        given(decide.account).when(
            decide.open_account, OPEN, account_id=ACCOUNT_ID, entity=legal_entity.NOT_REGISTERED
        ).then_rejected(decide.UnknownLegalEntity, "/legal_entity")

    def test_refuses_a_number_that_is_used(self) -> None:
        given(decide.account, OPENED).when(
            decide.open_account, OPEN, account_id=ACCOUNT_ID, entity=ENTITY
        ).then_rejected(NumberAlreadyUsed, "/number")


def change(*fields: str, collector: commands.Collector | None = None) -> commands.ChangeDetails:
    return commands.ChangeDetails(
        account_id=ACCOUNT_ID, fields=fields, collector=collector, now=noon(date(2026, 2, 1))
    )


def changed(*fields: str) -> events.AccountDetailsChanged:
    return events.AccountDetailsChanged(account_id=ACCOUNT_ID, fields=fields)


def assigned(to: UUID | None) -> events.AccountCollectorChanged:
    return events.AccountCollectorChanged(
        account_id=ACCOUNT_ID, collector_id=to, previous=UUID(int=5)
    )


class TestChangeDetails:
    def test_names_what_is_said_anew_and_holds_none_of_it(self) -> None:
        given(decide.account, OPENED).when(decide.change_details, change("email", "name")).then(
            changed("email", "name")
        )

    def test_says_so_again_when_it_is_said_again(self) -> None:
        """Nobody who decides sees the party table, so nobody knows that it is the same."""
        given(decide.account, OPENED, changed("email")).when(
            decide.change_details, change("email")
        ).then(changed("email"))

    @pytest.mark.parametrize("to", [UUID(int=6), None])
    def test_gives_it_to_another_collector_or_to_nobody(self, to: UUID | None) -> None:
        given(decide.account, OPENED).when(
            decide.change_details, change("phone", collector=commands.Collector(to))
        ).then(changed("phone"), assigned(to))

    def test_stays_quiet_about_a_collector_who_has_it_already(self) -> None:
        given(decide.account, OPENED).when(
            decide.change_details, change(collector=commands.Collector(UUID(int=5)))
        ).then_nothing()
        given(decide.account, OPENED, assigned(None)).when(
            decide.change_details, change(collector=commands.Collector(None))
        ).then_nothing()

    def test_is_about_the_day_it_is_changed(self) -> None:
        given(decide.account, OPENED).when(decide.change_details, change("name")).then_on(
            date(2026, 2, 1)
        )
