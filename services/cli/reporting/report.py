"""What stands in a Duebook now, as tables for people. Everything shown is asked over HTTP."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table

from services.cli.client.clocks import Clocks
from services.cli.client.duebook import PAGE_ITEMS, Duebook, Json, Params
from services.cli.reporting.tables import table_of, words
from services.cli.reporting.work_list import work_tables

WORST: Final = 10  # customers
PLAIN_WIDTH: Final = 130  # columns, where there is no terminal to ask
EVENT_TOPICS: Final = ".events.v1"  # What ends otherwise repeats a selection of them.


def console_for_reports(plain_width: int = PLAIN_WIDTH) -> Console:
    """Color and rounded lines on a terminal; else plain text of a fixed width.

    Names and numbers are shown as they are: what looks like markup in them is none.
    """
    console = Console(highlight=False, markup=False)
    if console.is_terminal:
        return console
    return Console(highlight=False, markup=False, width=plain_width)


async def events_in_log(duebook: Duebook) -> int:
    ends: dict[str, int] = {}
    for reading in await Clocks(duebook).read():
        for topic, offsets in reading.end_offsets.items():
            ends[topic] = max(ends.get(topic, 0), sum(offsets))
    return sum(count for topic, count in ends.items() if topic.endswith(EVENT_TOPICS))


async def show_report(duebook: Duebook, legal_entity: str, console: Console) -> bool:
    """False if the aging table does not foot."""
    aging, foots, currencies = await _aging(duebook, legal_entity)
    own = (await _body(duebook, "ledger", f"/legal-entities/{legal_entity}"))["currency"]
    worst, work, *counts = await asyncio.gather(
        _worst(duebook, legal_entity),
        work_tables(duebook, legal_entity, own, currencies),
        _alerts(duebook, legal_entity),
        _notices(duebook, legal_entity),
        _tasks(duebook, legal_entity),
    )
    for table in (aging, worst, *work, *counts):
        table.box = box.ROUNDED if console.is_terminal else box.ASCII2
        table.title_justify = "left"
        console.print(table)
    return foots


async def show_addresses(duebook: Duebook, console: Console) -> None:
    """Where to go on reading."""
    services = ("ledger", "credit", "dunning")
    table = Table("service", "API", "documentation", title="Addresses")
    for name in services:
        await duebook.operation(name, "GET", "/health/ready")
        table.add_row(name, duebook.address(name, "/v1"), duebook.address(name, "/docs"))
    table.box = box.ROUNDED if console.is_terminal else box.ASCII2
    table.title_justify = "left"
    console.print(table)


async def _aging(duebook: Duebook, legal_entity: str) -> tuple[Table, bool, Sequence[str]]:
    """With what the open items themselves sum up to, so that one sees that it foots.

    The table, whether it does, and the currencies in it.
    """
    params = {"legal_entity": legal_entity}
    answer = (await duebook.query("ledger", "/reports/aging", params)).body
    title = f"Aging of {legal_entity} as of {answer['as_of']}"
    table = table_of(title, ["bucket"], ["items", "open amount", "currency"])
    sums: Counter[str] = Counter()
    async for item in duebook.items("ledger", "/open-items", params):
        amount = item["open_amount"]
        sums[amount["currency"]] += int(Decimal(amount["amount"]) * 1_000_000)
    foots = set(sums) <= {one["currency"] for one in answer["currencies"]}
    for one in answer["currencies"]:
        currency = one["currency"]
        for bucket in one["buckets"]:
            amount = bucket["open_amount"]
            table.add_row(words(bucket["bucket"]), str(bucket["items"]), amount["amount"], currency)
        total = Decimal(one["total"]["open_amount"]["amount"])
        buckets = sum((Decimal(each["open_amount"]["amount"]) for each in one["buckets"]), _ZERO)
        items = Decimal(sums[currency]) / 1_000_000
        table.add_section()
        table.add_row("total", str(one["total"]["items"]), str(total), currency)
        table.add_row("sum of the open items", "", f"{items:.{-_exponent(total)}f}", currency)
        foots = foots and total == buckets == items
    table.caption = "The table foots." if foots else "THE TABLE DOES NOT FOOT."
    table.caption_justify = "left"
    return table, foots, [one["currency"] for one in answer["currencies"]]


async def _worst(duebook: Duebook, legal_entity: str) -> Table:
    params: Params = {"legal_entity": legal_entity, "sort": "score", "limit": WORST}
    found = (await duebook.query("credit", "/credit-files", params)).body["items"]
    ids = [each["account_id"] for each in found]
    files = await asyncio.gather(*(_body(duebook, "credit", f"/credit-files/{id}") for id in ids))
    accounts = await asyncio.gather(*(_body(duebook, "ledger", f"/accounts/{id}") for id in ids))
    title = "The ten worst customers, with their payment behavior over 12 months"
    numbers = ["score", "days beyond terms", "late amount", "latest days", "trend"]
    table = table_of(title, ["account", "customer", "grade"], numbers)
    for file, account in zip(files, accounts, strict=True):
        seen = file["behavior"]
        table.add_row(
            file["account_number"],
            str(account["name"]),
            str(file["grade"]),
            _places(file["score"]["score"] if file["score"] else None, 1),
            _places(seen["adbt"], 1),
            _percent(seen["late_amt"]),
            _places(seen["max_dpd"], 0),
            _places(seen["trend"], 1),
        )
    return table


async def _alerts(duebook: Duebook, legal_entity: str) -> Table:
    counts: Counter[tuple[int, str]] = Counter()
    async for alert in _feed(duebook, "/overdue-alerts"):
        if alert["account"]["legal_entity"] == legal_entity:
            counts[alert["threshold_days"], alert["event"]] += 1
    table = table_of(
        "Overdue alerts by threshold", ["days past due"], ["raised", "recovered", "standing"]
    )
    for days in sorted({days for days, _ in counts}):
        raised, recovered = counts[days, "raised"], counts[days, "recovered"]
        table.add_row(str(days), str(raised), str(recovered), str(raised - recovered))
    return table


async def _notices(duebook: Duebook, legal_entity: str) -> Table:
    found = await _counted(
        duebook,
        "/notices",
        legal_entity,
        lambda notice: (notice["step"], notice["template"], notice["channel"], notice["status"]),
    )
    table = table_of("Notices by step", ["step", "notice", "channel", "status"], ["count"])
    for (step, template, channel, status), count in sorted(found.items()):
        table.add_row(str(step), words(template), channel, status, str(count))
    return table


async def _tasks(duebook: Duebook, legal_entity: str) -> Table:
    found = await _counted(
        duebook,
        "/tasks",
        legal_entity,
        lambda task: (task["step"], task["kind"], task["status"]),
    )
    table = table_of("Tasks by step", ["step", "task", "status"], ["count"])
    for (step, kind, status), count in sorted(found.items(), key=_by_step):
        table.add_row("" if step is None else str(step), words(kind), status, str(count))
    return table


def _by_step(counted: tuple[tuple[Any, ...], int]) -> tuple[Any, ...]:
    """What answers no step comes last."""
    step, *others = counted[0]
    return step is None, step or 0, *others


async def _counted(
    duebook: Duebook, path: str, legal_entity: str, key: Callable[[Json], tuple[Any, ...]]
) -> Mapping[tuple[Any, ...], int]:
    counts: Counter[tuple[Any, ...]] = Counter()
    async for item in duebook.items("dunning", path):
        if item["account"]["legal_entity"] == legal_entity:
            counts[key(item)] += 1
    return counts


async def _feed(duebook: Duebook, path: str) -> AsyncIterator[Json]:
    """A feed always gives `next`; its end is a page that is not full."""
    params: dict[str, str | int] = {"limit": PAGE_ITEMS}
    while True:  # Until the page that is not full.
        page = (await duebook.query("dunning", path, params)).body
        for item in page["items"]:
            yield item
        if len(page["items"]) < PAGE_ITEMS:
            return
        params["cursor"] = page["next"]


async def _body(duebook: Duebook, service: str, path: str) -> Json:
    body: Json = (await duebook.query(service, path)).body
    return body


_ZERO: Final = Decimal(0)


def _exponent(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _places(value: str | int | None, places: int) -> str:
    return "" if value is None else f"{Decimal(value):.{places}f}"


def _percent(value: str | None) -> str:
    return "" if value is None else f"{Decimal(value) * 100:.0f} %"
