from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

import httpx
from rich import box
from rich.console import Console

from services.cli.client.duebook import Duebook
from services.cli.reporting.report import PLAIN_WIDTH
from services.cli.reporting.work_list import CURRENCIES, CUSTOMERS, KINDS, work_tables


def money(amount: str, currency: str = "CNY") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


def customer(currency: str = "CNY", **others: Any) -> dict[str, Any]:
    usual = {
        "account": {"id": "a1", "legal_entity": "CN01", "number": "C-1"},
        "grade": "较差",
        "open_amount": money("150.00", currency),
        "overdue_amount": money("100.00", currency),
        "oldest_item": {"due_on": "2026-01-01", "invoice_number": "I-7"},
        "next_step": {"step": 90, "on": "2026-04-01"},
        "tasks": [{"kind": "legal_decision", "step": 60}, {"kind": "check_notice", "step": None}],
        "task_count": 2,
        "last_contact": {"contacted_on": "2026-03-02", "channel": "phone", "outcome": "no_answer"},
        "open_promise": {"amount": money("80.00", currency), "promised_on": "2026-03-20"},
        "open_promise_count": 1,
    }
    return {**usual, **others}


async def shown(
    work: Mapping[str, Sequence[Any]], *currencies: str, name: str | None = "临江恒瑞"
) -> str:
    """The tables of a Duebook of canned answers, whose legal entity keeps its books in CNY."""

    def answer(request: httpx.Request) -> httpx.Response:
        if "accounts" in request.url.path:
            return httpx.Response(200, json={"name": name})
        asked = request.url.params
        assert (asked["legal_entity"], asked["limit"]) == ("CN01", str(CUSTOMERS))
        return httpx.Response(200, json={"items": work.get(asked["currency"], []), "next": None})

    console = Console(file=StringIO(), width=PLAIN_WIDTH)
    async with Duebook("http://canned", transport=httpx.MockTransport(answer)) as duebook:
        for table in await work_tables(duebook, "CN01", "CNY", currencies):
            table.box = box.ASCII2
            console.print(table)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def cells(text: str) -> list[list[str]]:
    """The lines of the table's cells under its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


class TestWorkTables:
    async def test_show_a_customer_once_with_all_one_wants_to_know(self) -> None:
        text = await shown({"CNY": [customer()]}, "CNY")

        assert cells(text) == [
            [
                "C-1 较差",
                "100.00",
                "2026-01-01",
                "2026-04-01",
                "legal decision, 60 days",
                "2026-03-02",
                "80.00",
            ],
            [
                "临江恒瑞",
                "of 150.00",
                "I-7",
                "90 days",
                "check notice",
                "phone: no answer",
                "by 2026-03-20",
            ],
        ]
        assert "in CNY" in text

    async def test_leave_empty_what_is_not_there(self) -> None:
        nothing = customer(
            oldest_item=None,
            next_step=None,
            tasks=[],
            task_count=0,
            last_contact=None,
            open_promise=None,
            open_promise_count=0,
        )
        first, second = cells(await shown({"CNY": [nothing]}, name=None))

        assert first[2:] == ["nothing overdue", "none", "", "", ""]
        assert second == ["", "of 150.00", "", "", "", "", ""]

    async def test_show_each_kind_of_task_once_and_count_those_that_are_not_shown(self) -> None:
        """Seen: three lines that said the same, and ten more."""
        kinds = [("legal_decision", 90)] * 2 + [("phone", step) for step in (60, 30, 1)]
        assert len(set(kinds)) == KINDS + 1
        tasks = [{"kind": kind, "step": step} for kind, step in kinds]
        busy = customer(tasks=tasks, task_count=12, open_promise_count=3)
        found = cells(await shown({"CNY": [busy]}))

        assert [line[4] for line in found] == [
            "2 x legal decision, 90 days",
            "phone, 60 days",
            "phone, 30 days",
            "and 8 more",
        ]
        assert found[2][6] == "and 2 more"

    async def test_call_a_day_a_day(self) -> None:
        soon = customer(next_step={"step": 1, "on": "2026-04-01"}, tasks=[], task_count=0)

        assert [line[3] for line in cells(await shown({"CNY": [soon]}))] == ["2026-04-01", "1 day"]

    async def test_show_a_long_name_in_full(self) -> None:
        name = "Nordwestdeutsche Maschinenfabrik und Eisengießerei"
        found = cells(await shown({"CNY": [customer()]}, name=name))

        assert "".join(line[0] for line in found[1:]).replace(" ", "") == name.replace(" ", "")

    async def test_show_the_entitys_own_currency_first_and_name_those_left_out(self) -> None:
        """Seen: the work of all currencies but the first was left out, and nobody said so."""
        currencies = ["AED", "BHD", "CNY", "EUR", "USD"]
        work = {one: [customer(one)] for one in currencies if one != "BHD"}
        text = await shown(work, *currencies)
        titles = [line.split(":")[0].strip() for line in text.splitlines() if "work list" in line]

        assert titles == [f"Today's work list in {one}" for one in ("CNY", "AED", "EUR")]
        assert len(titles) == CURRENCIES
        assert text.rstrip().endswith("Left out is the work in USD.")

    async def test_leave_out_nothing_silently_where_all_is_shown(self) -> None:
        text = await shown({"USD": [customer("USD")]}, "CNY", "USD")

        assert "Left out" not in text
        assert "in CNY" in text  # Nothing is to do in it, and one sees that.
        assert len(cells(text)) == 2 + 2  # The head of the second table stands among them.
