"""How many invoices that become overdue all three services together deal with in a second.

From the crossing to case, alert, notice and task, until nothing is left to do anywhere. Beside the
same invoices entered over HTTP until all have seen them, so that the ratio says what a crossing
costs beside an invoice. Half of the customers have an e-mail address: they get a notice; for the
others somebody is asked for the address, by a task.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from services.cli.bench.lines import Line, Sample, Say
from services.cli.bench.plan import ALL_SERVICES, CLOCK_START, DUNNING, Plan
from services.cli.bench.served import served
from services.cli.bench.speeds import BenchFailed
from services.cli.client.clocks import Clocks
from services.cli.client.duebook import PAGE_ITEMS, Duebook, Json
from services.cli.client.lanes import in_lanes
from shared.platform.clock import monotonic_s

ENTITY: Final = "DUNNED"
START: Final = datetime(2026, 3, 2, tzinfo=UTC)  # No end of a month is near, when all are scored.
ITEMS_EACH: Final = 10  # Invoices of a customer that become overdue together.
DAYS_EACH: Final = 2  # From one round to the next; nothing else is done about earlier ones then.
MADE: Final = ("overdue-alerts", "cases", "notices", "tasks")
EVENING: Final = timedelta(hours=23)  # When the morning's reviews are done.


async def measure(program: Sequence[str], plan: Plan, say: Say) -> Sequence[Line]:
    """Measures a process with all services on a clock that is moved by hand. Raises BenchFailed."""
    crossings = plan.size_of(DUNNING)
    samples: list[Sample] = []
    command = [*program, "bench-server", ALL_SERVICES, CLOCK_START, f"{START:%Y-%m-%dT%H:%M:%SZ}"]
    say("starting all services in a fresh folder")
    async with served(command) as url, Duebook(url) as duebook:
        await _register(duebook)
        for number in range(plan.rounds):
            say(f"round {number + 1} of {plan.rounds}")
            samples.append(await _round(duebook, number, crossings))
        made = await _made(duebook, plan.rounds * crossings)
    return [
        Line(
            name=f"{DUNNING}: crossings",
            unit="/s",
            beside="invoices entered, until all have seen them",
            samples=samples,
            note=f"{crossings:,} in each round; {made}",
        )
    ]


async def _register(duebook: Duebook) -> None:
    entity = {
        "code": ENTITY,
        "name": ENTITY,
        "time_zone": "UTC",
        "currency": "CNY",
        "take_over_on": START.date() - timedelta(days=1),
    }
    await duebook.command("ledger", "/legal-entities", entity, key=ENTITY)


async def _round(duebook: Duebook, number: int, crossings: int) -> Sample:
    clocks = Clocks(duebook)
    due_at = START + timedelta(days=DAYS_EACH * number)
    await clocks.advance(due_at)
    customers = range(-(-crossings // ITEMS_EACH))
    await _post(duebook, "/accounts", [_account(number, n) for n in customers])
    await clocks.settle()
    invoices = [_invoice(number, n, due_at) for n in range(crossings)]
    begin_s = monotonic_s()
    await _post(duebook, "/invoices", invoices)
    await clocks.settle()
    entered_s, begin_s = monotonic_s() - begin_s, monotonic_s()
    await clocks.advance(due_at + timedelta(days=1) + EVENING)
    await clocks.settle()
    return Sample(crossings / (monotonic_s() - begin_s), crossings / entered_s)


async def _made(duebook: Duebook, crossings: int) -> str:
    """What was done about them. Raises BenchFailed where one was passed over."""
    found = {what: await _count(duebook, what) for what in MADE}
    if found["overdue-alerts"] != crossings or not all(found.values()):
        raise BenchFailed(f"of {crossings} crossings came {found}")
    return "in all " + ", ".join(f"{count:,} {what}" for what, count in found.items())


async def _count(duebook: Duebook, what: str) -> int:
    """How many there are. A feed has no last page, only one that is empty."""
    count = 0
    asked: dict[str, str | int] = {"limit": PAGE_ITEMS}
    while True:  # Until nothing more comes.
        page = (await duebook.query("dunning", f"/{what}", asked)).body
        count += len(page["items"])
        if not page["items"] or page["next"] is None:
            return count
        asked["cursor"] = page["next"]


async def _post(duebook: Duebook, path: str, bodies: Sequence[Json]) -> None:
    async def post(body: Json) -> None:
        await duebook.command("ledger", path, body, key=f"{path} {body['number']}")

    await in_lanes([(body,) for body in bodies], post)


def _account(number: int, customer: int) -> Json:
    body: Json = {
        "legal_entity": ENTITY,
        "number": _customer(number, customer),
        "name": f"Customer {customer}",
    }
    if customer % 2:
        body["email"] = f"customer-{customer}@acme-example.com"
    return body


def _invoice(number: int, nth: int, due_at: datetime) -> Json:
    return {
        "account": {"legal_entity": ENTITY, "number": _customer(number, nth // ITEMS_EACH)},
        "number": f"I-{number}-{nth}",
        "issued_on": due_at.date(),
        "due_on": due_at.date(),
        "total": {"amount": "1234.50", "currency": "CNY"},
    }


def _customer(number: int, customer: int) -> str:
    return f"C-{number}-{customer}"
