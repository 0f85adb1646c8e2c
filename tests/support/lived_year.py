"""Lets a year happen in a running Duebook over HTTP, and reads what was done to its customers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.cli.client.lanes import in_lanes
from shared.kernel.money import Money
from tests.support.deeds_model import Deed
from tests.support.random_year import Fact, Moment, Year
from tests.support.three_services import ThreeServices

ENTITY: Final = "SIM01"
LAST_HOUR: Final = 23
START: Final = datetime(2026, 1, 1, tzinfo=UTC)  # Before the year, wherever its days begin.


class LivedYear:
    """`live`, then ask for what was done."""

    def __init__(self, services: ThreeServices, year: Year) -> None:
        self._services = services
        self._duebook = services.duebook
        self._year = year
        self._accounts: dict[str, str] = {}
        self._invoices: dict[str, str] = {}
        self._payments: dict[str, str] = {}
        self._keys = 0

    async def live(self) -> None:
        year = self._year
        await self._reach((year.first, 0))
        entity = {
            "code": ENTITY,
            "name": "Simulated",
            "time_zone": year.zone,
            "currency": "CNY",
            "take_over_on": year.first,
            "notice_minimum": Money(year.minimum, "CNY"),
        }
        await self._post("ledger", "legal-entities", entity)
        by_moment = {at: list(facts) for at, facts in groupby(year.facts, lambda fact: fact.at)}
        leaves = {one.since: one.service for one in year.away}
        returns = {one.until: one.service for one in year.away}
        for at in sorted({*by_moment, *leaves, *returns}):
            await self._reach(at)
            if at in returns:
                await self._services.come_back(returns[at], self._instant(at))
            await self._enter(by_moment.get(at, ()))
            if at in leaves:
                await self._services.leave(leaves[at])
        await self._reach((year.last, LAST_HOUR))
        await self._services.clocks.settle()

    async def _reach(self, at: Moment) -> None:
        await self._services.clocks.advance(self._instant(at))

    def _instant(self, at: Moment) -> datetime:
        return datetime.combine(at[0], time(at[1]), ZoneInfo(self._year.zone))

    async def _enter(self, facts: Sequence[Fact]) -> None:
        """One customer's facts one after the other, each kind settled before the next."""
        rounds: dict[int, list[list[Fact]]] = {}
        for _, mine in groupby(facts, lambda fact: fact.customer):
            for n, (_, alike) in enumerate(groupby(mine, lambda fact: fact.what)):
                rounds.setdefault(n, []).append(list(alike))
        for _, lanes in sorted(rounds.items()):
            await in_lanes(lanes, self._do)
            await self._services.clocks.settle()

    async def _do(self, fact: Fact) -> None:
        await getattr(self, f"_{fact.what}")(fact)

    async def _invoice(self, fact: Fact) -> None:
        body = {**self._what(fact), "issued_on": fact.on, "due_on": fact.due_on}
        answer = await self._post("ledger", "invoices", {**body, "total": _money(fact)})
        self._invoices[fact.number] = answer["id"]

    async def _cancellation(self, fact: Fact) -> None:
        await self._post("ledger", f"invoices/{self._invoices[fact.number]}:cancel", {})

    async def _payment(self, fact: Fact) -> None:
        body = {**self._what(fact), "amount": _money(fact), "value_on": fact.on}
        answer = await self._post("ledger", "payments", {**body, "method": "transfer"})
        self._payments[fact.number] = answer["id"]
        if fact.shares:
            await self._allocation(fact)

    async def _allocation(self, fact: Fact) -> None:
        allocations = [
            {"invoice": {"number": number}, "amount": Money(minor, fact.currencies[0])}
            for number, minor in fact.shares
        ]
        body = {"allocations": allocations, "effective_on": fact.given_on}
        await self._post("ledger", f"payments/{self._payments[fact.number]}:allocate", body)

    async def _return(self, fact: Fact) -> None:
        body = {"reason": "bounced", "effective_on": fact.on}
        await self._post("ledger", f"payments/{self._payments[fact.number]}:reverse", body)

    async def _promise(self, fact: Fact) -> None:
        body = {**self._what(fact), "amount": _money(fact), "promised_on": fact.due_on}
        await self._post("dunning", "promises", body)

    async def _done(self, fact: Fact) -> None:
        """The first task there is, if there is one."""
        asked = {"account_id": self._accounts[fact.customer], "status": "open"}
        tasks = [
            (one["opened_on"], one["kind"], one["id"])
            async for one in self._duebook.items("dunning", "tasks", asked)
            if one["currency"] == fact.currencies[0]
        ]
        if tasks:
            _, _, task = min(tasks)
            await self._post("dunning", f"tasks/{task}:complete", {"outcome": "done"})
            await self._services.clocks.settle()  # The list without it.

    async def _address(self, fact: Fact) -> None:
        details = {"email": fact.email or None, "postal_address": fact.postal or None}
        known = self._accounts.get(fact.customer)
        if known is not None:
            await self._post("ledger", f"accounts/{known}:change-details", details)
            return
        body = {**details, **self._account(fact), "name": fact.customer}
        self._accounts[fact.customer] = (await self._post("ledger", "accounts", body))["id"]

    def _what(self, fact: Fact) -> dict[str, object]:
        return {"account": self._account(fact), "number": fact.number}

    def _account(self, fact: Fact) -> dict[str, str]:
        return {"legal_entity": ENTITY, "number": fact.customer}

    async def _post(self, service: str, path: str, body: object) -> Any:
        self._keys += 1
        return (await self._duebook.command(service, path, body, key=f"k-{self._keys}")).body

    async def grades(self) -> dict[str, list[tuple[date, str]]]:
        """What credit says of each customer, and since when."""
        found = {}
        for customer, account in self._accounts.items():
            file = (await self._duebook.query("credit", f"credit-files/{account}")).body
            found[customer] = [
                (date.fromisoformat(each["as_of"]), each["grade"]) for each in file["reviews"]
            ]
        return found

    async def deeds(self) -> list[Deed]:
        """As the routes of dunning show them."""
        found: list[Deed] = []
        async for one in self._duebook.items("dunning", "notices"):
            found.append(_deed(one, one["currency"], one["written_on"], _notice(one)))
        async for one in self._duebook.items("dunning", "tasks"):
            what = f"task {one['kind']}"
            found.append(_deed(one, one["currency"], one["opened_on"], f"{what} opened"))
            if one["ended_on"] is not None:
                ended = f"{what} {one['status']}"
                found.append(_deed(one, one["currency"], one["ended_on"], ended))
        currencies = {}
        async for one in self._duebook.items("dunning", "cases"):
            currencies[one["id"]] = one["currency"]
        async for one in self._duebook.items("dunning", "collection-ledger", {"kind": "case"}):
            if one["event"] in ("opened", "closed"):
                currency = currencies[one["resource_id"]]
                found.append(_deed(one, currency, one["day"], f"case {one['event']}"))
        return [*found, *await self._alerts()]

    async def _alerts(self) -> list[Deed]:
        found: list[Deed] = []
        asked: dict[str, str | int] = {"limit": 500}
        while True:  # Until nothing is left of the feed.
            page = (await self._duebook.query("dunning", "overdue-alerts", asked)).body
            if not page["items"]:
                return found
            for one in page["items"]:
                what = f"alert {one['threshold_days']} of {one['invoice_number']} {one['event']}"
                currency = one["open_amount"]["currency"]
                found.append(_deed(one, currency, one["effective_on"], what))
            asked["cursor"] = page["next"]


def _money(fact: Fact) -> Money:
    return Money(fact.minor, fact.currencies[0])


def _minor(amount: Any) -> int:
    return Money.of(amount["amount"], amount["currency"]).minor


def _deed(one: Any, currency: str, day: str, what: str) -> Deed:
    return Deed(one["account"]["number"], currency, date.fromisoformat(day), what)


def _notice(one: Any) -> str:
    lines = ", ".join(f"{i['invoice_number']} {_minor(i['open_amount'])}" for i in one["items"])
    ending = ", ".join(said for said in (one["status"], one["reason"]) if said)
    if one["ended_on"] != one["written_on"]:
        ending += f" on {one['ended_on']}"
    return (
        f"{one['channel']} {one['template']} of step {one['step']}, part {one['part']} of "
        f"{one['parts']}, {_minor(one['demanded'])}: {lines}: {ending}"
    )
