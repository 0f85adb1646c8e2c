"""A book is taken over with open items of all ages: what happens on that day, and what then."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from services.cli.client.clocks import Clocks
from services.cli.client.duebook import Duebook
from tests.support.data_folders import data_folder
from tests.support.ibm_story import Book
from tests.support.running import Running

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

ZONE: Final = ZoneInfo("Asia/Shanghai")
TAKEN_OVER: Final = date(2026, 6, 15)
CLOCK_START: Final = "2026-06-14T16:00:00Z"  # 00:00 of that day in the zone.
OF: Final = {"legal_entity": "TO01", "number": "A1"}
AGES: Final = {"I-5": 5, "I-40": 40, "I-100": 100}  # Days past due on the day of the take-over.


class Taken:
    def __init__(self, running: Running) -> None:
        self.book = Book(running.url)
        self._url = running.url

    def enter(self, take_over_on: date = TAKEN_OVER) -> None:
        entity = {"code": "TO01", "name": "Us", "time_zone": ZONE.key, "currency": "CNY"}
        entity["take_over_on"] = take_over_on.isoformat()
        self.book.post("/ledger/v1/legal-entities", "entity", entity)
        account = {"legal_entity": "TO01", "number": "A1", "name": "Customer"}
        self.book.post("/ledger/v1/accounts", "account", account)
        for number, age in AGES.items():
            due_on = TAKEN_OVER - timedelta(days=age)
            invoice: dict[str, Any] = {
                "account": OF,
                "number": number,
                "issued_on": (due_on - timedelta(days=30)).isoformat(),
                "due_on": due_on.isoformat(),
                "total": {"amount": "1000.00", "currency": "CNY"},
            }
            self.book.post("/ledger/v1/invoices", number, invoice)

    def correct(self, take_over_on: date) -> None:
        path = "/ledger/v1/legal-entities/TO01:change-take-over-date"
        self.book.post(path, "correction", {"take_over_on": take_over_on.isoformat()})

    def until(self, days: int, hour: int) -> None:
        """That hour, so many days after the take-over, everything settled on the way."""
        day = TAKEN_OVER + timedelta(days=days)
        asyncio.run(self._advance(datetime.combine(day, time(hour), ZONE)))

    def alerts(self) -> list[tuple[str, str, int]]:
        feed = self.book.all("/dunning/v1/overdue-alerts")
        return sorted((a["effective_on"], a["invoice_number"], a["threshold_days"]) for a in feed)

    def notices(self) -> list[tuple[str, str]]:
        found = self.book.all("/dunning/v1/notices")
        return [(one["written_on"], one["template"]) for one in found]

    async def _advance(self, to: datetime) -> None:
        async with Duebook(self._url) as duebook:
            await Clocks(duebook).advance(to)


@pytest.fixture
def taken() -> Iterator[Taken]:
    with data_folder() as folder:
        running = Running(folder, CLOCK_START)
        running.start()
        taken = Taken(running)
        try:
            yield taken
        finally:
            taken.book.close()
            running.stop()
            running.log.unlink(missing_ok=True)


def on(days: int) -> str:
    return (TAKEN_OVER + timedelta(days=days)).isoformat()


def test_gives_one_case_three_alerts_no_notice_and_the_next_step_of_each_on_its_day(
    taken: Taken,
) -> None:
    taken.enter()
    taken.until(0, 9)

    check_taken_over(taken)
    at_take_over = taken.alerts()

    taken.until(19, 23)
    assert (taken.alerts(), taken.notices()) == (at_take_over, [])
    taken.until(20, 9)
    assert taken.notices() == [(on(20), "final_notice")]
    taken.until(60, 9)
    later = [(on(20), "I-40", 60), (on(25), "I-5", 30), (on(50), "I-40", 90), (on(55), "I-5", 60)]
    assert taken.alerts() == sorted([*at_take_over, *later])
    # At 30 days a letter that is no more severe than the last waits for its week; at 90 days
    # a person decides.
    assert taken.notices() == [
        (on(20), "final_notice"),
        (on(27), "dunning_letter"),
        (on(55), "final_notice"),
    ]
    (legal,) = taken.book.all("/dunning/v1/tasks", kind="legal_decision")
    assert (legal["opened_on"], legal["step"]) == (on(50), 90)


def test_is_the_same_when_a_mistyped_take_over_date_was_corrected(taken: Taken) -> None:
    """A year too late: nobody would be reminded of anything for so long."""
    taken.enter(TAKEN_OVER + timedelta(days=365))
    taken.book.wait_settled()
    taken.correct(TAKEN_OVER)
    taken.until(0, 9)

    check_taken_over(taken)


def check_taken_over(taken: Taken) -> None:
    (case,) = taken.book.all("/dunning/v1/cases")
    assert (case["status"], case["opened_on"], len(case["items"])) == ("open", on(0), 3)
    assert taken.alerts() == [(on(0), "I-100", 90), (on(0), "I-40", 30), (on(0), "I-5", 1)]
    assert taken.notices() == []
    assert list(taken.book.all("/dunning/v1/tasks")) == []
