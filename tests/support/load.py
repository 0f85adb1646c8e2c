"""Sends commands and questions without a pause, and counts exactly what was answered."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from services.cli.client.duebook import Duebook, Refused, Unreachable
from tests.support.small_book import ENTITY, invoice_body

CLIENTS: Final = 4  # that repeat, and as many that do not, and as many that ask
QUESTION_PAUSE_S: Final = 0.02
NOBODY_PAUSE_S: Final = 0.05  # after an address where nobody listens
ANSWER_S_MAX: Final = 30.0
ACKNOWLEDGED_MIN: Final = 20  # or it was no load


@dataclass
class Load:
    """Holds the numbers of invoices by what became of them, and every status that came."""

    name: str
    accounts: int
    acknowledged: set[str] = field(default_factory=set)
    unanswered: set[str] = field(default_factory=set)  # Sent once, cut off before an answer.
    statuses: Counter[int] = field(default_factory=Counter)
    cut: Counter[str] = field(default_factory=Counter)  # Of requests that got no status.
    problems: list[str] = field(default_factory=list)
    _n: int = 0

    @asynccontextmanager
    async def on(self, url: str, questions: Sequence[str]) -> AsyncIterator[None]:
        """Loads `url`, as our own client takes it; questions are whole addresses."""
        stopped = asyncio.Event()
        async with (
            Duebook(url) as duebook,
            httpx.AsyncClient(timeout=ANSWER_S_MAX, trust_env=False) as http,
            asyncio.TaskGroup() as tasks,
        ):
            post = duebook.address("ledger", "/v1/invoices")
            for _ in range(CLIENTS):
                tasks.create_task(self._patient(duebook, stopped))
                tasks.create_task(self._raw(http, post, stopped))
                tasks.create_task(self._curious(http, questions, stopped))
            try:
                yield
            finally:
                stopped.set()

    def check(self, stored: set[str]) -> None:
        """Checks that what was acknowledged is there, and that what was cut off was never taken."""
        mine = {number for number in stored if number.startswith(f"{self.name}-")}
        assert self.problems == []
        assert self.acknowledged - mine == set(), "acknowledged and lost"
        assert mine - self.acknowledged == set(), "taken and not answered"
        assert len(self.acknowledged) >= ACKNOWLEDGED_MIN

    def _next(self, kind: str) -> tuple[str, dict[str, Any]]:
        self._n += 1
        number = f"{self.name}-{kind}{self._n}"
        return number, invoice_body(number, self._n % self.accounts)

    async def _patient(self, duebook: Duebook, stopped: asyncio.Event) -> None:
        """Repeats with the same key, as every client of ours must."""
        while not stopped.is_set():
            number, body = self._next("p")
            try:
                await duebook.command("ledger", "invoices", body, key=number)
            except (Refused, Unreachable) as problem:
                self.problems.append(f"{number}: {problem!r}")
            else:
                self.acknowledged.add(number)

    async def _raw(self, http: httpx.AsyncClient, url: str, stopped: asyncio.Event) -> None:
        """Never repeats."""
        while not stopped.is_set():
            number, body = self._next("r")
            answer = await self._sent(
                lambda number=number, body=body: http.post(  # type: ignore[misc] # bound above
                    url, json=body, headers={"idempotency-key": number}
                )
            )
            if answer is None:
                self.unanswered.add(number)
            elif answer.status_code == httpx.codes.CREATED:
                self.acknowledged.add(number)
            else:
                self.problems.append(f"{number}: {answer.status_code} {answer.text}")

    async def _curious(
        self, http: httpx.AsyncClient, questions: Sequence[str], stopped: asyncio.Event
    ) -> None:
        while not stopped.is_set():
            for url in questions:
                answer = await self._sent(lambda url=url: http.get(url))  # type: ignore[misc] # bound
                if answer is not None and answer.status_code != httpx.codes.OK:
                    self.problems.append(f"{url}: {answer.status_code} {answer.text}")
            await asyncio.sleep(QUESTION_PAUSE_S)

    async def _sent(self, send: Callable[[], Any]) -> httpx.Response | None:
        try:
            answer: httpx.Response = await send()
        except httpx.TransportError as problem:
            self.cut[type(problem).__name__] += 1
            await asyncio.sleep(NOBODY_PAUSE_S)
            return None
        self.statuses[answer.status_code] += 1
        return answer


def questions_of(root: str, service: str) -> Sequence[str]:
    """Gives addresses of some questions to a service."""
    paths = {
        "ledger": (f"reports/aging?legal_entity={ENTITY}", "accounts"),
        "credit": ("exposures", "credit-files"),
        "dunning": ("work-list", "cases"),
    }
    return [f"{root}/v1/{path}" for path in paths[service]]
