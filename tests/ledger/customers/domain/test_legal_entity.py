from __future__ import annotations

from datetime import UTC, date, datetime

from services.ledger.customers.domain.legal_entity import commands, decide, events
from shared.kernel.rejections import NumberAlreadyUsed
from tests.support.ledger import BOOK
from tests.support.spec import given

REGISTER = commands.RegisterLegalEntity(
    book=BOOK,
    name="华东贸易",
    time_zone="Asia/Shanghai",
    currency="CNY",
    now=datetime(2026, 1, 31, 16, 30, tzinfo=UTC),
)
REGISTERED = events.LegalEntityRegistered(
    code="CN01", name="华东贸易", time_zone="Asia/Shanghai", currency="CNY"
)


class TestRegister:
    def test_gives_the_entity_its_zone_and_currency(self) -> None:
        given(decide.legal_entity).when(decide.register, REGISTER).then(REGISTERED)

    def test_refuses_a_code_that_is_used(self) -> None:
        given(decide.legal_entity, REGISTERED).when(decide.register, REGISTER).then_rejected(
            NumberAlreadyUsed, "/code"
        )

    def test_is_dated_on_the_entitys_own_day(self) -> None:
        given(decide.legal_entity).when(decide.register, REGISTER).then_on(date(2026, 2, 1))
