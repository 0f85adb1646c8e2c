"""Decides who works on which partition: rows with an owner, an end and a fencing epoch.

A lease only says who should work. That two never both write is the epoch's doing, which every
transaction of a worker checks.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import asyncpg
import structlog

from shared.platform.clock import monotonic_s
from shared.platform.database.connections import HeldConnection, is_transient
from shared.platform.database.pools import Database
from shared.platform.leases import leases_sql as sql
from shared.platform.leases.instance import take_name
from shared.platform.observability import metrics as meters
from shared.platform.observability.throttled_log import ThrottledLog
from shared.platform.signals import Signal

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver

RETRY_S: Final = 0.5  # after a renewal that failed

_log = structlog.get_logger(__name__)


# (worker, partition) -> seconds since its rows were known to have seen the whole log.
Freshness = Mapping[tuple[str, int], float]


class Worker(NamedTuple):
    """What can be owned, partition by partition. `topics`: where it has cursors."""

    name: str
    topics: Sequence[str]


class _Candidate(NamedTuple):
    worker: str
    partition: int
    is_mine: bool
    is_free: bool


class Leases:
    """All leases of one service in one process. One statement renews them."""

    def __init__(
        self,
        database: Database,
        service: str,
        workers: Sequence[Worker],
        *,
        partitions: int,
        instance: str | None,
        ttl_s: float,
    ) -> None:
        self._database = database
        self._service = service
        self._workers = workers
        self._partitions = partitions
        self._wanted_name = instance
        self._ttl_s = ttl_s
        self._connection = HeldConnection(self._connect)
        self._name: str | None = None
        self._held: dict[tuple[str, int], int] = {}  # (worker, partition) -> epoch
        self._good_until_s = 0.0
        self._throttled = ThrottledLog(__name__)
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self.changed = Signal()
        self.freshness: Callable[[], Freshness] = dict

    @property
    def are_fresh(self) -> bool:
        """Whether the last look at them was in time: this process takes part."""
        return monotonic_s() <= self._good_until_s

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"{self._service} leases")

    async def stop(self) -> None:
        """Give everything back. Call it when the workers have finished."""
        self._stop.set()
        if self._task is not None:
            await self._task
            self._task = None
        try:
            await self._release(list(self._held))
            await (await self._connection.get()).execute(sql.LEAVE, self._presence())
        except Exception as problem:
            _log.warning("leases not given back", problem=type(problem).__name__)
        await self._connection.close()

    def held(self, worker: str) -> Mapping[int, int]:
        """partition -> epoch, as far as this process can know."""
        if monotonic_s() > self._good_until_s:
            return {}
        return {p: epoch for (name, p), epoch in self._held.items() if name == worker}

    def lost(self, worker: str, partitions: Sequence[int]) -> None:
        """Gives up partitions of a worker that was fenced: somebody else owns them by now."""
        for partition in partitions:
            self._held.pop((worker, partition), None)
        self.changed.notify()

    async def _run(self) -> None:
        while not self._stop.is_set():
            pause_s = self._ttl_s / 3
            try:
                await self._tick()
            except Exception as problem:
                if not is_transient(problem):
                    self._throttled.error("leases cannot be taken", problem, service=self._service)
                self._connection.drop()
                pause_s = min(RETRY_S, pause_s)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._stop.wait()

    async def _tick(self) -> None:
        connection = await self._connection.get()
        name = self._presence()
        started_s = monotonic_s()
        await connection.execute(sql.BE_PRESENT, name, self._ttl_s)
        before = dict(self._held)
        await self._renew(connection, name)
        await self._share(connection, name)
        self._good_until_s = started_s + self._ttl_s
        if self._held != before:
            for worker in self._workers:
                n = sum(1 for owner, _ in self._held if owner == worker.name)
                meters.LEASES.labels(self._service, worker.name).set(n)
        if self._held != before or not before:
            self.changed.notify()

    async def _renew(self, connection: Driver, name: str) -> None:
        if not self._held:
            return
        held = sorted((*key, epoch) for key, epoch in self._held.items())
        ago_s = self.freshness()
        rows = await connection.fetch(
            sql.RENEW, name, self._ttl_s, [h[0] for h in held], [h[1] for h in held],
            [h[2] for h in held], [ago_s.get(h[:2]) for h in held],
        )  # fmt: skip
        alive = {(row["worker"], row["partition_no"]) for row in rows}
        for key in [key for key in self._held if key not in alive]:
            _log.info("lease lost", service=self._service, worker=key[0], partition=key[1])
            del self._held[key]

    async def _share(self, connection: Driver, name: str) -> None:
        """Take what is free up to our share; give back what is above it."""
        rows = await connection.fetch(sql.LOOK, name)
        present = max(1, await connection.fetchval(sql.COUNT_PRESENT))
        share = -(-self._partitions // present)
        wanted: list[tuple[str, int]] = []
        surplus: list[tuple[str, int]] = []
        for worker in self._workers:
            rows_of = [_Candidate(*row) for row in rows if row["worker"] == worker.name]
            mine = sorted(p for owner, p in self._held if owner == worker.name)
            surplus += [(worker.name, p) for p in mine[share:]]
            free = [
                c for c in rows_of
                if (c.is_free or c.is_mine) and (c.worker, c.partition) not in self._held
            ]  # fmt: skip
            free.sort(key=lambda c: (not c.is_mine, c.partition))
            wanted += [(c.worker, c.partition) for c in free[: max(0, share - len(mine))]]
        if surplus:
            await self._release(surplus)
        if wanted:
            await self._acquire(connection, name, wanted)

    async def _acquire(
        self, connection: Driver, name: str, wanted: Sequence[tuple[str, int]]
    ) -> None:
        """Waits for a transaction of the owner before, then shuts it out."""
        wanted = sorted(wanted)
        async with connection.transaction():
            rows = await connection.fetch(
                sql.ACQUIRE, name, self._ttl_s, [w for w, _ in wanted], [p for _, p in wanted]
            )
            taken = [(row["worker"], row["partition_no"], row["epoch"]) for row in rows]
            await connection.execute(
                sql.FENCE_CURSORS,
                [t[0] for t in taken],
                [t[1] for t in taken],
                [t[2] for t in taken],
            )
        self._held.update({(worker, partition): epoch for worker, partition, epoch in taken})

    async def _release(self, keys: Sequence[tuple[str, int]]) -> None:
        epochs = [self._held.pop(key) for key in keys]
        if keys:
            self.changed.notify()
            connection = await self._connection.get()
            await connection.execute(
                sql.RELEASE, [w for w, _ in keys], [p for _, p in keys], epochs
            )

    def _presence(self) -> str:
        if self._name is None:
            raise asyncpg.InterfaceError("no connection, no name")
        return self._name

    async def _connect(self) -> Driver:
        """Opens the connection that the name hangs on: another process may have taken the name."""
        connection = await self._database.own_connection("duebook leases")
        try:
            name = await take_name(connection, self._wanted_name, self._name, self._service)
            if name != self._name:
                self._held.clear()
            self._name = name
            await connection.execute(
                sql.PREPARE_LEASES, [w.name for w in self._workers], self._partitions
            )
            cursors = [(w.name, topic) for w in self._workers for topic in w.topics]
            await connection.execute(
                sql.PREPARE_CURSORS,
                [w for w, _ in cursors],
                [t for _, t in cursors],
                self._partitions,
            )
        except BaseException:
            connection.terminate()
            raise
        return connection
