"""Lives through a tiny book over HTTP with a process that may die, and counts what came of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import asyncpg

from services.cli.client.clocks import Clocks
from services.cli.client.duebook import Duebook
from services.cli.installed import RUNTIMES, SERVICES
from shared.kernel.days import day_at, start_of_day
from shared.platform.database.pools import Database
from shared.platform.hosting.chosen_log import open_log
from shared.platform.hosting.settings import PREFIX, PlatformSettings
from shared.platform.hosting.verify import verify
from shared.platform.observability import failpoints
from shared.platform.service import Topics
from tests.support.running import Running

ZONE: Final = "Asia/Shanghai"
CLOCK_START: Final = "2026-01-04T16:00:00Z"  # 00:00 of the 5th in the zone.
ACCOUNTS: Final = 3
INVOICES: Final = 20
DUE_SOON: Final = 12  # of them, and overdue before they are paid
REVIEWED_AFTER: Final = timedelta(hours=9)  # of a day: it was decided what is done
TOTAL: Final = 100
FIRST_PAYMENT: Final = 150  # of each account, in time
STORY_DAYS: Final = 4
LOOK_S: Final = 0.02

HIT: Final = re.compile(r"^failpoint (\S+) hit$", re.MULTILINE)
STREAMS: Final = """
SELECT types, count(*) FROM (
  SELECT array_agg(type ORDER BY version)::text AS types
    FROM es_event WHERE headers ->> 'entityid' = $1 GROUP BY stream_id) s
 GROUP BY types ORDER BY types"""


def yuan(amount: int) -> dict[str, str]:
    return {"amount": f"{amount}.00", "currency": "CNY"}


@dataclass(frozen=True)
class Outcome:
    """Holds what two runs of the story have in common: how many streams lived through what."""

    streams: Mapping[str, Mapping[str, int]]  # service -> event types of a stream -> streams
    mails: int

    def count(self, service: str, type: str) -> int:
        found = self.streams[service].items()
        return sum(types.count(type) * streams for types, streams in found)


class Lived(NamedTuple):
    """Says how a process came through a story that was repeated until its end."""

    deaths: int
    hits: Sequence[str]  # The failpoints it named when it died.


class Story:
    """Lives with one entity, three accounts and twenty invoices, some overdue, all paid at last."""

    def __init__(self, duebook: Duebook, entity: str) -> None:
        self._duebook = duebook
        self._clocks = Clocks(duebook)
        self._entity = entity

    async def live(self) -> None:
        first = await self._begin()
        await self._do("legal-entities", self._entity, self._described())
        for n in range(ACCOUNTS):
            body = {
                "legal_entity": self._entity,
                "number": f"A{n}",
                "name": f"Customer {n}",
                "contact_person": {"name": f"Person {n}", "email": f"ap{n}@customer.example"},
            }
            await self._do("accounts", f"A{n}", body)
        for n in range(INVOICES):
            await self._do("invoices", f"I{n}", self._invoice(n, first))
        await self._clocks.settle()  # What is oldest is looked up in a read model.
        await asyncio.gather(
            *(self._pay(f"P{n}", n, FIRST_PAYMENT, first) for n in range(ACCOUNTS))
        )
        overdue_on = first + timedelta(days=2)
        await self._clocks.advance(start_of_day(overdue_on, ZONE) + REVIEWED_AFTER)
        for n in range(ACCOUNTS):
            rest = len(range(n, INVOICES, ACCOUNTS)) * TOTAL - FIRST_PAYMENT
            await self._pay(f"Q{n}", n, rest, overdue_on)
        await self._clocks.settle()

    async def _begin(self) -> date:
        """Finds a day on which the story does not run into the end of a month."""
        readings = await self._clocks.settle()
        first = day_at(max(reading.now for reading in readings), ZONE) + timedelta(days=1)
        if (first + timedelta(days=STORY_DAYS)).month != first.month:
            first = (first.replace(day=1) + timedelta(days=32)).replace(day=2)
        await self._clocks.advance(start_of_day(first, ZONE))
        return first

    def _described(self) -> dict[str, Any]:
        return {"code": self._entity, "name": "Us", "time_zone": ZONE, "currency": "CNY"}

    def _invoice(self, n: int, first: date) -> dict[str, Any]:
        due_on = first + timedelta(days=1 if n < DUE_SOON else 30)
        return {
            "account": {"legal_entity": self._entity, "number": f"A{n % ACCOUNTS}"},
            "number": f"I{n}",
            "issued_on": first.isoformat(),
            "due_on": due_on.isoformat(),
            "total": yuan(TOTAL),
        }

    async def _pay(self, number: str, account: int, amount: int, on: date) -> None:
        body = {
            "account": {"legal_entity": self._entity, "number": f"A{account}"},
            "number": number,
            "amount": yuan(amount),
            "value_on": on.isoformat(),
            "method": "transfer",
        }
        payment = await self._do("payments", number, body)
        path = f"payments/{payment['id']}:allocate"
        await self._do(path, f"{number}-allocate", {"rule": "oldest_first"})

    async def _do(self, path: str, key: str, body: Mapping[str, Any]) -> Any:
        done = await self._duebook.command("ledger", path, body, key=f"{self._entity}-{key}")
        return done.body


class Place:
    """Holds databases, a log and a folder, on which process after process runs."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """Takes an `environment` that says where things are: `DUEBOOK_DATABASE_URL` and others."""
        self._environment = {**environment, "DUEBOOK_LEASE_TTL_S": "3"}
        given = {
            name.removeprefix(PREFIX).lower(): value for name, value in self._environment.items()
        }
        self.settings = PlatformSettings(data=folder, **given)  # type: ignore[arg-type] # checked by pydantic
        self.running = Running(folder, CLOCK_START)
        self._folder = folder

    def start(self, failpoint: str = "") -> None:
        self.running.start({**self._environment, failpoints.VARIABLE: failpoint})

    async def settle(self) -> None:
        async with Duebook(self.running.url) as duebook:
            await Clocks(duebook).settle()

    async def live_story(self, entity: str, failpoint: str = "") -> Lived:
        """Live through a book, armed."""
        return await self.live(lambda duebook: Story(duebook, entity).live(), failpoint)

    async def live(self, story: Callable[[Duebook], Awaitable[None]], failpoint: str = "") -> Lived:
        """Lives a story that repeats what was not answered, and starts a dead process again."""
        said_before = self._log_size()
        await asyncio.to_thread(self.start, failpoint)
        watching = asyncio.create_task(self._watch())
        try:
            async with Duebook(self.running.url) as duebook:
                await story(duebook)
        finally:
            watching.cancel()
            deaths = await watching
        with self.running.log.open("rb") as log:
            log.seek(said_before)
            return Lived(deaths, HIT.findall(log.read().decode(errors="replace")))

    def _log_size(self) -> int:
        return self.running.log.stat().st_size if self.running.log.exists() else 0

    async def outcome(self, entity: str, mails_before: int) -> Outcome:
        streams = {name: await self._streams(name, entity) for name in SERVICES}
        return Outcome(streams, self.mails() - mails_before)

    def mails(self) -> int:
        """Counts the mails handed over so far."""
        return sum(1 for path in (self._folder / "mail").rglob("new/*") if path.is_file())

    async def differences(self) -> Sequence[object]:
        """Lists what `verify` finds in all services."""
        found: list[object] = []
        for name, runtime in RUNTIMES.items():
            database = Database(self._database_url(name))
            log = open_log(self.settings)
            topics, tenants = Topics(self.settings.topic_prefix), [self.settings.tenant_id]
            found += await verify(
                runtime.service(self.settings),
                database=database,
                log=log,
                topics=topics,
                tenants=tenants,
            )
            await log.close()
            await database.close()
        return found

    async def _watch(self) -> int:
        """Start it again whenever it died, and not armed; until cancelled."""
        deaths = 0
        try:
            while True:  # Until cancelled.
                if (status := self.running.exit_status) is not None:
                    assert status == failpoints.KILLED, self.running.last_words()
                    deaths += 1
                    await asyncio.to_thread(self.start)
                await asyncio.sleep(LOOK_S)
        except asyncio.CancelledError:
            return deaths

    async def _streams(self, service: str, entity: str) -> Mapping[str, int]:
        connection = await asyncpg.connect(self._database_url(service))
        try:
            return {row[0]: row[1] for row in await connection.fetch(STREAMS, entity)}
        finally:
            await connection.close()

    def _database_url(self, service: str) -> str:
        own = self._environment.get(f"{PREFIX}{service.upper()}_DATABASE_URL")
        return own or self.settings.database_url_of(service)
