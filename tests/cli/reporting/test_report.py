from __future__ import annotations

from io import StringIO
from typing import Any

import httpx
import pytest
from rich.console import Console

from services.cli.client.duebook import PAGE_ITEMS, Duebook
from services.cli.reporting.report import console_for_reports, show_report


def money(amount: str, currency: str = "CNY") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


ACCOUNT = {"id": "a1", "legal_entity": "CN01", "number": "C-1"}
AGING = {
    "as_of": "2026-03-31",
    "currencies": [
        {
            "currency": "CNY",
            "buckets": [
                {"bucket": "credit", "items": 1, "open_amount": money("-30.50")},
                {"bucket": "1_30", "items": 2, "open_amount": money("100.00")},
            ],
            "total": {"items": 3, "open_amount": money("69.50")},
        }
    ],
}
FILE = {
    "account_id": "a1",
    "account_number": "C-1",
    "grade": "较差",
    "score": {"score": "50.6897"},
    "behavior": {"adbt": "12.5714", "late_amt": "0.857", "max_dpd": 20, "trend": None},
}


def alert(number: int, event: str, entity: str = "CN01") -> dict[str, Any]:
    account = {**ACCOUNT, "legal_entity": entity}
    return {"id": number, "account": account, "threshold_days": 30, "event": event}


async def shown(open_items: list[str], dollars: tuple[str, ...] = ()) -> tuple[bool, str]:
    """Asks a Duebook of canned answers. The feed has one full page, and a part of another."""
    items = [*map(money, open_items), *(money(amount, "USD") for amount in dollars)]
    raised = [alert(n, "raised") for n in range(PAGE_ITEMS)]
    others = [alert(1, "recovered"), alert(2, "raised", "CN02")]

    def answer(request: httpx.Request) -> httpx.Response:
        _, _, _, *rest = request.url.path.split("/")
        lists: dict[str, list[Any]] = {
            "open-items": [{"open_amount": each} for each in items],
            "credit-files": [{"account_id": "a1"}],
            "work-list": [],
            "overdue-alerts": others if "cursor" in request.url.params else raised,
            "notices": [],
            "tasks": [],
        }
        if rest == ["reports", "aging"]:
            return httpx.Response(200, json=AGING)
        if rest == ["credit-files", "a1"]:
            return httpx.Response(200, json=FILE)
        if rest == ["legal-entities", "CN01"]:
            return httpx.Response(200, json={"currency": "CNY"})
        if rest == ["accounts", "a1"]:
            return httpx.Response(200, json={"name": "临江恒瑞机械有限公司"})
        following = "more" if rest == ["overdue-alerts"] else None
        return httpx.Response(200, json={"items": lists[rest[0]], "next": following})

    console = Console(file=StringIO(), width=120)
    async with Duebook("http://canned", transport=httpx.MockTransport(answer)) as duebook:
        foots = await show_report(duebook, "CN01", console)
    assert isinstance(console.file, StringIO)
    return foots, console.file.getvalue()


class TestConsoleForReports:
    def test_shows_a_name_as_it_is(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Brackets in it are no markup: the report ended with an error about `[/]`."""
        console_for_reports().print("Smith [red] & Sons [/]")

        assert capsys.readouterr().out == "Smith [red] & Sons [/]\n"


class TestShowReport:
    async def test_foots_where_buckets_total_and_items_agree(self) -> None:
        foots, text = await shown(["-30.50", "60.00", "40.00"])

        assert foots
        assert "The table foots." in text
        assert "69.50" in text

    async def test_says_so_where_the_items_sum_up_to_something_else(self) -> None:
        foots, text = await shown(["-30.50", "60.00"])

        assert not foots
        assert "DOES NOT FOOT" in text

    async def test_says_so_where_an_item_is_of_a_currency_that_has_no_aging(self) -> None:
        foots, text = await shown(["69.50"], dollars=("5.00",))

        assert not foots
        assert "DOES NOT FOOT" in text

    async def test_shows_customers_with_grade_and_behavior(self) -> None:
        _, text = await shown(["69.50"])
        (row,) = [line for line in text.splitlines() if "临江恒瑞机械有限公司" in line]

        assert [cell.strip() for cell in row.strip("|").split("|")] == [
            "C-1",
            "临江恒瑞机械有限公司",
            "较差",
            "50.7",
            "12.6",
            "86 %",
            "20",
            "",
        ]

    async def test_counts_every_page_of_the_feed_and_only_this_entity(self) -> None:
        _, text = await shown(["69.50"])
        (row,) = [line for line in text.splitlines() if line.startswith("| 30 ")]

        counts = [cell.strip() for cell in row.strip("|").split("|")]
        assert counts == ["30", str(PAGE_ITEMS), "1", str(PAGE_ITEMS - 1)]
