from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Final
from uuid import UUID

from services.credit.files.domain.credit_file import commands, events
from services.credit.files.domain.review import ReviewFacts
from services.credit.files.reactions.when_review_started_score_the_customer import NEEDS, react
from services.credit.lines.domain.exposure import Movement
from services.credit.scorecards.domain.behavior import Histories, behavior
from shared.kernel.envelope import Recorded
from shared.kernel.money import Money
from tests.support.paying import Paying

T: Final = date(2026, 3, 31)
STARTED: Final = Recorded(
    event=events.CreditFileReviewStarted(account_id=UUID(int=1), as_of=T),
    type="credit.credit_file.review_started.v1",
    id=UUID(int=2),
    stream_id=UUID(int=3),
    version=2,
    tenant_id=UUID(int=7),
    account_id=UUID(int=1),
    legal_entity="CN01",
    effective_on=T,
    recorded_at=datetime(2026, 3, 31, 16, tzinfo=UTC),
)


def react_to(facts: ReviewFacts) -> Sequence[commands.RecordScore]:
    return react(STARTED, facts)


class TestReact:
    def test_records_a_score_by_the_behavior_until_that_day(self) -> None:
        book = Paying()
        book.paid(100, days=5, on=T)
        book.paid(100, days=5, on=T + timedelta(days=1))

        (command,) = react_to(ReviewFacts(Histories(book.history, ()), None, ()))

        assert command == commands.RecordScore(
            file_id=STARTED.stream_id,
            behavior=behavior(book.history, T),
            utilization=None,
            currencies_left_out=[],
        )
        assert command.behavior.allocations == 1

    def test_looks_at_the_exposure_only_where_a_limit_is_set(self) -> None:
        movements = [Movement(date(2025, 1, 1), Money(500, "CNY"))]

        (command,) = react_to(
            ReviewFacts(Histories(Paying().history, ()), Money(1_000, "CNY"), movements)
        )

        assert command.utilization == Fraction(1, 2)

    def test_judges_the_accounts_currency_and_names_the_others_with_something_to_judge(
        self,
    ) -> None:
        own, dong, dollars, dollars_to_come = (
            Paying(currency) for currency in ("CNY", "VND", "USD", "EUR")
        )
        own.paid(100, days=5, on=T)
        dong.paid(9_000_000_000, days=-30, on=T)
        dollars.owes(100, due_on=T - timedelta(days=200))
        dollars_to_come.paid(100, days=0, on=T + timedelta(days=40))
        others = [each.history for each in (dong, dollars, dollars_to_come)]

        (command,) = react_to(ReviewFacts(Histories(own.history, others), None, ()))

        assert command.behavior == behavior(own.history, T)
        assert command.currencies_left_out == ["VND", "USD"]

    def test_needs_what_it_asks(self) -> None:
        assert NEEDS == ("behavior", "exposure")
