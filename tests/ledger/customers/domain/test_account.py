from __future__ import annotations

from datetime import date
from uuid import UUID

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
