"""Whom to work on today, as tables for collectors: one for each currency, a customer a row."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Final

from rich.table import Table

from services.cli.client.duebook import Duebook, Json, Params
from services.cli.reporting.tables import words

CUSTOMERS: Final = 15  # rows of a table
CURRENCIES: Final = 3  # tables; the other currencies are named
KINDS: Final = 3  # lines of what is to do for a customer; the other tasks are counted
NAME_WIDTH: Final = 22  # columns: a usual name is on one line
LONG_NAME_WIDTH: Final = 26  # columns: longer names take several lines


async def work_tables(
    duebook: Duebook, legal_entity: str, own: str, currencies: Iterable[str]
) -> Sequence[Table]:
    """The entity's own currency comes first, and is there even when nothing is to do in it."""
    others = sorted(set(currencies) - {own})
    found = await asyncio.gather(*(_first(duebook, legal_entity, one) for one in [own, *others]))
    work = {one: items for one, items in zip([own, *others], found, strict=True) if items}
    shown = list(dict.fromkeys([own, *work]))[:CURRENCIES]
    names = await _names(duebook, [item for one in shown for item in work.get(one, ())])
    tables = [_table(one, work.get(one, ()), names) for one in shown]
    left_out = [one for one in work if one not in shown]
    if left_out:
        tables[-1].caption = f"Left out is the work in {', '.join(left_out)}."
        tables[-1].caption_justify = "left"
    return tables


async def _first(duebook: Duebook, legal_entity: str, currency: str) -> Sequence[Json]:
    params: Params = {"legal_entity": legal_entity, "currency": currency, "limit": CUSTOMERS}
    items: Sequence[Json] = (await duebook.query("dunning", "/work-list", params)).body["items"]
    return items


async def _names(duebook: Duebook, customers: Iterable[Json]) -> Mapping[str, str]:
    """What customers are called, by the ids of their accounts: the ledger knows."""
    ids = sorted({each["account"]["id"] for each in customers})
    answers = await asyncio.gather(*(duebook.query("ledger", f"/accounts/{id}") for id in ids))
    return {id: answer.body["name"] or "" for id, answer in zip(ids, answers, strict=True)}


def _table(currency: str, customers: Iterable[Json], names: Mapping[str, str]) -> Table:
    title = f"Today's work list in {currency}: the first {CUSTOMERS} customers"
    table = Table(title=title, show_lines=True)
    table.add_column(
        "customer",
        min_width=NAME_WIDTH,
        max_width=LONG_NAME_WIDTH,
        overflow="fold",
    )
    table.add_column("overdue\nof open", justify="right", no_wrap=True)
    for name in ("oldest", "next step"):
        table.add_column(name, no_wrap=True)
    for name in ("to do", "last contact", "promise"):
        table.add_column(name, overflow="fold")
    for each in customers:
        account = each["account"]
        table.add_row(
            f"{account['number']} {each['grade']}\n{names[account['id']]}",
            f"{each['overdue_amount']['amount']}\nof {each['open_amount']['amount']}",
            _oldest(each["oldest_item"]),
            _next_step(each["next_step"]),
            _to_do(each["tasks"], each["task_count"]),
            _last_contact(each["last_contact"]),
            _promise(each["open_promise"], each["open_promise_count"]),
        )
    return table


def _oldest(item: Json | None) -> str:
    return f"{item['due_on']}\n{item['invoice_number']}" if item else "nothing overdue"


def _next_step(step: Json | None) -> str:
    return f"{step['on']}\n{_days(step['step'])}" if step else "none"


def _to_do(tasks: Sequence[Json], count: int) -> str:
    """Kinds of tasks with the step they answer, each once with the number of its tasks."""
    kinds = Counter((one["kind"], one["step"]) for one in tasks)
    lines, left = [], count
    for (kind, step), number in islice(kinds.items(), KINDS):
        times = "" if number == 1 else f"{number} x "
        lines.append(f"{times}{words(kind)}{'' if step is None else f', {_days(step)}'}")
        left -= number
    return "\n".join([*lines, *([f"and {left} more"] if left else [])])


def _days(step: int) -> str:
    return "1 day" if step == 1 else f"{step} days"


def _last_contact(contact: Json | None) -> str:
    if contact is None:
        return ""
    return f"{contact['contacted_on']}\n{contact['channel']}: {words(contact['outcome'])}"


def _promise(promise: Json | None, count: int) -> str:
    if promise is None:
        return ""
    more = f"\nand {count - 1} more" if count > 1 else ""
    return f"{promise['amount']['amount']}\nby {promise['promised_on']}{more}"
