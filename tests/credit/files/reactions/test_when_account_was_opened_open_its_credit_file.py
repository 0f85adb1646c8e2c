from __future__ import annotations

from datetime import UTC, date, datetime

from services.credit.files.domain.credit_file import commands
from services.credit.files.reactions.when_account_was_opened_open_its_credit_file import react
from shared.kernel.decider import Book
from tests.support.credit_book import ENTITY, TENANT, ZONE, LedgerSays


class TestReact:
    def test_opens_the_file_on_the_accounts_own_day(self) -> None:
        says = LedgerSays()
        account = says.opened("C-1001", date(2026, 1, 5))
        recorded = says.events[0]._replace(recorded_at=datetime(2026, 1, 6, 16, tzinfo=UTC))

        assert react(recorded, None) == [
            commands.OpenCreditFile(
                book=Book(TENANT, ENTITY),
                account_id=account,
                account_number="C-1001",
                time_zone=ZONE,
                currency="CNY",
                opened_on=date(2026, 1, 5),
                recorded_on=date(2026, 1, 7),  # It is past midnight in Shanghai.
                effective_on=date(2026, 1, 5),
            )
        ]
