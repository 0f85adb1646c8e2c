"""Do I see what I just did? With the token of my command always, however late the projector."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import httpx
import pytest

from shared.platform.observability.failpoints import VARIABLE
from tests.support.data_folders import data_folder
from tests.support.running import Running

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

SLOW: Final = "projector.after_fetch:40ms"
CLOCK_START: Final = "2026-01-05T01:00:00Z"
ENTITY: Final = "RYW"
CUSTOMERS: Final = 20
INVOICES: Final = 25  # of each customer; two GETs with a token after each
GETS: Final = 1_000
WAIT: Final = {"prefer": "wait=30"}


@pytest.fixture
def slow() -> Iterator[Running]:
    """Duebook whose projectors take their time."""
    with data_folder() as folder:
        running = Running(folder, CLOCK_START)
        try:
            running.start({VARIABLE: SLOW})
            yield running
        finally:
            if running.is_alive:
                running.stop()
            running.log.unlink(missing_ok=True)


class Counted(NamedTuple):
    with_token: int
    older_with_token: int
    without_token: int
    older_without_token: int


class Customer:
    """Is sent invoices one by one, and looked at after each."""

    def __init__(self, client: httpx.AsyncClient, number: str) -> None:
        self._client = client
        self._number = number
        self.counted = Counted(0, 0, 0, 0)

    async def live(self) -> None:
        account = await self._post("accounts", {"number": self._number, "name": "customer"})
        path = f"/ledger/v1/accounts/{account.json()['id']}"
        for n in range(1, INVOICES + 1):
            posted = await self._post("invoices", self._invoice(n))
            token = {"consistency-token": posted.headers["consistency-token"]}
            plain = await self._client.get(path)
            seen = await self._client.get(path, headers=token | WAIT)
            invoice_path = f"/ledger/v1/invoices/{posted.json()['id']}"
            invoice = await self._client.get(invoice_path, headers=token | WAIT)
            older = (owed_of(seen) < n) + (invoice.status_code != 200)
            a, b, c, d = self.counted
            self.counted = Counted(a + 2, b + older, c + 1, d + (owed_of(plain) < n))

    def _invoice(self, n: int) -> dict[str, Any]:
        return {
            "account": {"legal_entity": ENTITY, "number": self._number},
            "number": f"{self._number}-{n}",
            "issued_on": "2026-01-05",
            "due_on": "2026-03-05",
            "total": {"amount": "1.00", "currency": "CNY"},
        }

    async def _post(self, kind: str, body: dict[str, Any]) -> httpx.Response:
        own = {"legal_entity": ENTITY} if kind == "accounts" else {}
        key = {"idempotency-key": f"{kind}-{body['number']}"}
        posted = await self._client.post(f"/ledger/v1/{kind}", json=body | own, headers=key)
        assert posted.status_code == 201, posted.text
        return posted


def owed_of(answer: httpx.Response) -> float:
    """What the account owes, as the answer says; nothing when it does not know the account."""
    if answer.status_code == 404:
        return 0
    assert answer.status_code == 200, answer.text
    return sum(float(one["open_amount"]["amount"]) for one in answer.json()["balances"])


async def live(url: str) -> Counted:
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
        entity = {"code": ENTITY, "name": "Us", "time_zone": "Asia/Shanghai", "currency": "CNY"}
        posted = await client.post(
            "/ledger/v1/legal-entities", json=entity, headers={"idempotency-key": "entity"}
        )
        assert posted.status_code == 201, posted.text
        customers = [Customer(client, f"C-{n}") for n in range(CUSTOMERS)]
        await asyncio.gather(*(customer.live() for customer in customers))
        each = [customer.counted for customer in customers]
        return Counted(*(sum(column) for column in zip(*each, strict=True)))


class TestReadYourWrites:
    def test_a_token_is_never_answered_with_something_older(self, slow: Running) -> None:
        counted = asyncio.run(live(slow.url))

        assert counted.with_token == GETS
        assert counted.older_with_token == 0
        assert counted.older_without_token >= 1, counted  # Else nobody would need the token.
