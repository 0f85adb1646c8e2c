"""A book in four currencies, and every question one can ask of it: no answer adds two of them.

The amounts are planted so that one sees it. Each currency has three decimal digits of the minor
units to itself: yen the last three, dinars the three before, then dollars, then yuan. A sum of one
currency stays in its digits, whatever is added or taken away; any sum of two does not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import combinations, permutations
from pathlib import Path
from typing import Any, Final

import pytest

from services.cli.client.clocks import Clocks
from services.cli.client.duebook import PAGE_ITEMS, Duebook, Json
from shared.kernel.days import start_of_day
from shared.kernel.money import Money
from tests.support.data_folders import data_folder
from tests.support.running import Running

SERVICES: Final = Path(__file__).parents[2] / "services"
NAMES: Final = ("ledger", "credit", "dunning")
PLACES: Final = {"JPY": 1, "KWD": 10**3, "USD": 10**6, "CNY": 10**9}  # minor units
UNITS_MAX: Final = 999  # of a currency's place, in the whole book

ENTITIES: Final = {"CN01": ("CNY", "Asia/Shanghai"), "KW01": ("KWD", "Asia/Kuwait")}
CLOCK_START: Final = "2026-01-05T04:00:00Z"
FIRST_DAY, DUE_SOON, DUE = date(2026, 1, 5), date(2026, 1, 15), date(2026, 1, 25)
AFTER_TWO_REVIEWS: Final = date(2026, 3, 1)

# What a question must have, by the name of the parameter.
REQUIRED: Final[Mapping[str, Sequence[str]]] = {"legal_entity": tuple(ENTITIES)}
# What is in the account's currency by its rule, so in that of either entity.
ONLY_OF_THE_ACCOUNT: Final = {
    f"/v1/{path}"
    for path in (
        *("legal-entities", "legal-entities/{code}", "credit-lines", "credit-lines/{account_id}"),
        *("promises", "promises/{id}"),
    )
}
MOMENTS: Final[Sequence[Mapping[str, str]]] = (
    {},
    {"as_of": "2026-01-14"},
    {"as_of": "2026-02-10"},
    {"as_of": "2026-02-10", "as_known": "2026-01-20T00:00:00Z"},
)


def planted(units: int, currency: str) -> Money:
    return Money(units * PLACES[currency], currency)


def is_of_one_currency(money: Money) -> bool:
    """Whether only the currency's own digits are used."""
    units, rest = divmod(abs(money.minor), PLACES[money.currency])
    return rest == 0 and units <= UNITS_MAX


class TestPlanted:
    @pytest.mark.parametrize(("one", "other"), list(permutations(PLACES, 2)))
    def test_shows_a_sum_or_difference_of_two_currencies_in_either(
        self, one: str, other: str
    ) -> None:
        first, second = planted(23, one).minor, planted(7, other).minor

        sums = [first + second, first - second, second - first]
        assert not any(is_of_one_currency(Money(each, one)) for each in sums)

    @pytest.mark.parametrize("few", [3, 4])
    def test_shows_a_sum_of_several_in_any_of_them(self, few: int) -> None:
        for mixed in combinations(PLACES, few):
            added = sum(planted(64, currency).minor for currency in mixed)
            assert not any(is_of_one_currency(Money(added, currency)) for currency in mixed)

    @pytest.mark.parametrize("currency", PLACES)
    def test_allows_every_sum_of_one(self, currency: str) -> None:
        assert is_of_one_currency(planted(11, currency) - planted(37, currency))


class Book:
    """Two legal entities, each with a customer that has business in every currency."""

    def __init__(self, duebook: Duebook) -> None:
        self._duebook = duebook
        self._keys = 0

    async def keep(self) -> None:
        clocks = Clocks(self._duebook)
        accounts = {}
        for entity, (currency, zone) in ENTITIES.items():
            body = {"code": entity, "name": entity, "time_zone": zone, "currency": currency}
            asked = {**body, "notice_minimum": planted(1, currency)}
            await self._post("ledger", "legal-entities", asked)
            opened = {"legal_entity": entity, "number": "C-1", "name": "Customer"}
            accounts[entity] = (await self._post("ledger", "accounts", opened))["id"]
            for each in PLACES:
                await self._trade({"legal_entity": entity, "number": "C-1"}, each)
        await clocks.settle()
        for entity, (currency, _) in ENTITIES.items():
            limit = {"limit": planted(50, currency)}
            await self._post("credit", f"credit-lines/{accounts[entity]}:set-limit", limit)
            promise = {
                "account": {"legal_entity": entity, "number": "C-1"},
                "amount": planted(3, currency),
                "promised_on": DUE,
            }
            await self._post("dunning", "promises", promise)
        await clocks.advance(start_of_day(AFTER_TWO_REVIEWS, "Asia/Kuwait"))
        await self._call_somebody(accounts)
        await clocks.settle()

    async def _trade(self, account: Json, currency: str) -> None:
        """Paid early, paid in part, never paid; a payment with a rest, and one that bounced."""
        early = await self._invoice(account, currency, 11, DUE_SOON)
        partly = await self._invoice(account, currency, 23, DUE)
        await self._invoice(account, currency, 37, DUE)
        bounced = await self._invoice(account, currency, 5, DUE_SOON)
        await self._pay(account, currency, 11, {early: 11})
        await self._pay(account, currency, 7, {partly: 3})
        payment = await self._pay(account, currency, 5, {bounced: 5})
        await self._post("ledger", f"payments/{payment}:reverse", {"reason": "bounced"})

    async def _invoice(self, account: Json, currency: str, units: int, due_on: date) -> str:
        body = {
            "account": account,
            "number": f"{account['legal_entity']}-{currency}-{units}",
            "issued_on": FIRST_DAY,
            "due_on": due_on,
            "total": planted(units, currency),
        }
        return str((await self._post("ledger", "invoices", body))["id"])

    async def _pay(
        self, account: Json, currency: str, units: int, shares: Mapping[str, int]
    ) -> str:
        body = {
            "account": account,
            "number": f"P-{account['legal_entity']}-{currency}-{units}",
            "amount": planted(units, currency),
            "value_on": FIRST_DAY,
            "method": "transfer",
        }
        payment = str((await self._post("ledger", "payments", body))["id"])
        allocations = [
            {"invoice": {"id": invoice}, "amount": planted(share, currency)}
            for invoice, share in shares.items()
        ]
        await self._post("ledger", f"payments/{payment}:allocate", {"allocations": allocations})
        return payment

    async def _call_somebody(self, accounts: Mapping[str, str]) -> None:
        for entity, account in accounts.items():
            items = self._duebook.items("ledger", "open-items", {"account_id": account})
            body = {
                "account": {"legal_entity": entity, "number": "C-1"},
                "channel": "phone",
                "outcome": "no_answer",
                "open_item_ids": [
                    each["id"] async for each in items if each["kind"] == "installment"
                ],
            }
            await self._post("dunning", "contacts", body)

    async def _post(self, service: str, path: str, body: object) -> Any:
        self._keys += 1
        return (await self._duebook.command(service, path, body, key=f"k-{self._keys}")).body


def _operations(service: str) -> Mapping[str, Json]:
    """Every question of the service's document that is answered in JSON, by its path."""
    text = (SERVICES / service / "contract/openapi.json").read_text("utf-8")
    document = json.loads(text)
    return {
        path: {**methods["get"], "shows_money": _shows_money(methods["get"], document, set())}
        for path, methods in document["paths"].items()
        if path.startswith("/v1/") and "application/json" in _answered(methods)
    }


def _answered(methods: Json) -> Json:
    """What a question of a path is answered with, by media type."""
    found: Json = methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
    return found


def _shows_money(shape: Any, document: Json, seen: set[str]) -> bool:
    """Whether an amount with its currency stands somewhere in a schema."""
    if isinstance(shape, list):
        return any(_shows_money(each, document, seen) for each in shape)
    if not isinstance(shape, dict):
        return False
    if set(shape.get("properties", ())) == {"amount", "currency"}:
        return True
    name = str(shape.get("$ref", "")).rpartition("/")[2]
    if name and name not in seen:
        seen.add(name)
        if _shows_money(document["components"]["schemas"][name], document, seen):
            return True
    return any(_shows_money(each, document, seen) for each in shape.values())


def _moneys(body: Any) -> Iterator[Money]:
    """Every amount with its currency, however deep."""
    if isinstance(body, list):
        for each in body:
            yield from _moneys(each)
    elif isinstance(body, dict):
        if set(body) == {"amount", "currency"}:
            yield Money.of(body["amount"], body["currency"])
        for each in body.values():
            yield from _moneys(each)


def _questions(operation: Json) -> Iterator[Mapping[str, str]]:
    """With what it must have; at every moment it can be asked of; with every choice it offers."""
    asked = {
        each["name"]: each for each in operation.get("parameters", ()) if each["in"] == "query"
    }
    needed = [name for name, each in asked.items() if each.get("required")]
    assert set(needed) <= set(REQUIRED), f"say in REQUIRED what {needed} may be"
    usual = {"limit": str(PAGE_ITEMS)} if "limit" in asked else {}
    sets = [{**usual, name: value} for name in needed for value in REQUIRED[name]] or [usual]
    moments = MOMENTS if "as_of" in asked else MOMENTS[:1]
    for required in sets:
        for moment in moments:
            yield {**required, **moment}
            for name, parameter in asked.items():
                for choice in _choices(parameter["schema"]):
                    yield {**required, **moment, name: choice}


def _choices(schema: Any) -> Sequence[str]:
    """The words a parameter may be; nothing where it is free."""
    shapes = [schema, *schema.get("anyOf", ())]
    shapes += [each["items"] for each in shapes if "items" in each]
    words = [word for each in shapes for word in each.get("enum", ())]
    words += [each["const"] for each in shapes if "const" in each]
    if any(each.get("type") == "boolean" for each in shapes):
        words += ["true", "false"]
    return [str(word) for word in words]


@pytest.fixture(scope="module")
def kept() -> Iterator[str]:
    """The address of a Duebook with the book."""
    with data_folder() as folder:
        running = Running(folder, CLOCK_START)
        try:
            running.start()
            yield running.url
        finally:
            if running.is_alive:
                running.stop()
            running.log.unlink(missing_ok=True)


class Asked:
    """What one path answered, at every moment and with every choice."""

    def __init__(self, duebook: Duebook, service: str) -> None:
        self._duebook, self._service = duebook, service

    async def money_of(self, path: str, operation: Json) -> Sequence[tuple[str, Money]]:
        """Each amount with the question it answers."""
        found = []
        for question in _questions(operation):
            for place in await self._places(path):
                answer = await self._duebook.query(self._service, place, question)
                found += [(f"{place} {question}", money) for money in _moneys(answer.body)]
        return found

    async def _places(self, path: str) -> Sequence[str]:
        """The path as it is, or for each thing of the list above it."""
        above, _, name = path.removeprefix("/v1").rpartition("/")
        if not name.startswith("{"):
            return [path.removeprefix("/v1")]
        assert above in {each.removeprefix("/v1") for each in _operations(self._service)}, (
            f"there is no list that says what {path} may be: plan it here"
        )
        items = self._duebook.items(self._service, above)
        return [f"{above}/{each[name.strip('{}')]}" async for each in items]


@pytest.mark.journey
@pytest.mark.timeout(300)
class TestEveryAnswer:
    async def test_holds_no_sum_of_two_currencies(self, kept: str) -> None:
        async with Duebook(kept) as duebook:
            await Book(duebook).keep()
            for service in NAMES:
                asked = Asked(duebook, service)
                for path, operation in _operations(service).items():
                    found = await asked.money_of(path, operation)
                    mixed = [each for each in found if not is_of_one_currency(each[1])]
                    shown = {money.currency for _, money in found}

                    assert mixed == [], f"{service} {path} adds currencies"
                    if operation["shows_money"]:
                        assert len(shown) >= _currencies_of(path), (
                            f"{service} {path} shows {sorted(shown)} only: plant what it shows"
                        )


def _currencies_of(path: str) -> int:
    return len(ENTITIES) if path in ONLY_OF_THE_ACCOUNT else len(PLACES)
