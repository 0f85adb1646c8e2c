"""A ledger file of years put into a running ledger at once, by the real importer."""

from __future__ import annotations

from collections import Counter
from datetime import date

import httpx
import pytest

from services.cli.client.duebook import Duebook
from services.cli.importing.importer import Importer, Summary
from services.cli.importing.ledger_file import Refusal, read_lines
from services.cli.importing.ledger_map import Columns, LedgerMap, LegalEntity, Terms
from tests.support.ledger_api import LedgerApi

pytestmark = pytest.mark.connected

MAP = LedgerMap(
    date_format="YYYY-MM-DD",
    legal_entity=LegalEntity(code="CN01", name="一", time_zone="Asia/Shanghai", currency="CNY"),
    columns=Columns(account="a", number="n", issued_on="i", amount="m", settled_on="s"),
    terms=Terms(net_days=30),
)
BOOK = """\
a,n,i,m,s
A,I-1,2012-01-09,100.00,2012-02-08
A,I-2,2012-01-09,200.00,2012-09-30
B,I-3,2025-08-28,300.00,
B,I-4,2026-01-02,400.00,2026-01-05
B,I-5,2026-01-02,500.00,2026-01-06
"""


async def imported(api: LedgerApi) -> Summary:
    transport = httpx.ASGITransport(api.host.app)
    url = "ledger=http://ledger,credit=http://credit,dunning=http://dunning"
    async with Duebook(url, transport=transport) as duebook:
        summary = await Importer(duebook, MAP, lambda: None).run(read_lines(BOOK, MAP).lines)
    await api.settle()
    return summary


class TestImportAtOnce:
    """It is 5 January 2026."""

    async def test_makes_overdue_what_is_open_and_nothing_that_was_paid(
        self, api: LedgerApi
    ) -> None:
        summary = await imported(api)
        written = Counter(kind for kind, _ in await api.events())

        assert dict(summary.counts) == {"accounts": 2, "invoices": 4, "payments": 3}
        assert summary.refusals == [Refusal(6, "settled_on", "effective-date-out-of-range")]
        assert (written["ledger.invoice.issued.v1"], written["ledger.invoice.settled.v1"]) == (4, 3)
        # I-3 was due on 27 September: 100 days ago.
        assert written["ledger.invoice.became_overdue.v1"] == 1
        assert written["ledger.invoice.days_past_due_reached.v1"] == 3
        assert written["ledger.invoice.overdue_cured.v1"] == 0
        for day, left in ((date(2012, 2, 8), "200.00"), (date(2012, 9, 30), None)):
            report = await api.ask("/reports/aging", legal_entity="CN01", as_of=day.isoformat())
            total = [each["total"]["open_amount"]["amount"] for each in report["currencies"]]
            assert total[0] == (left or "0.00")

    async def test_takes_the_book_over_today_and_may_be_repeated(self, api: LedgerApi) -> None:
        await imported(api)
        before = await api.stored()
        again = await imported(api)

        assert (await api.ask("/legal-entities/CN01"))["take_over_on"] == "2026-01-05"
        assert await api.stored() == before
        assert again.counts["invoices already there"] == 4
        assert again.counts["payments already there"] == 3
        assert again.notes == []
