"""Waits until a projection has passed a stream's version, or a cursor a position.

Workers of this process tell at once; one shared poll finds what others did.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from shared.platform.clock import monotonic_s
from shared.platform.database.connections import HeldConnection, is_transient
from shared.platform.database.pools import Database
from shared.platform.signals import Listener, Signal
from shared.platform.subscription import cursor_sql as sql

POLL_S: Final = 0.25  # where the projection's worker is in this process
POLL_FOREIGN_S: Final = 0.025  # where nobody will tell


@dataclass(eq=False)
class _Waiter:
    projection: str
    missing: dict[UUID, int]
    done: asyncio.Future[None]


class ProjectionProgress:
    """Knows how far projections are; one per process and service."""

    def __init__(self, database: Database) -> None:
        self._held = HeldConnection(lambda: database.own_connection("duebook progress"))
        self._waiters: set[_Waiter] = set()
        self._poller: asyncio.Task[None] | None = None
        self._came = Listener()
        self.moved = Signal()  # A worker of this process committed.
        self.has_workers_here = False

    def advanced(self, projection: str, versions: Mapping[UUID, int]) -> None:
        """Notes what was committed: the projection is at least so far."""
        for waiter in self._waiters:
            if waiter.projection == projection:
                _strike(waiter, versions)
        self.moved.notify()

    async def wait(self, projection: str, versions: Mapping[UUID, int], timeout_s: float) -> bool:
        """Waits until it got so far; False after the timeout."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = _Waiter(projection, dict(versions), done)
        _strike(waiter, {})
        self._waiters.add(waiter)
        self._came.notify()
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll(), name="progress")
        try:
            async with asyncio.timeout(timeout_s):
                await done
        except TimeoutError:
            return False
        else:
            return True
        finally:
            self._waiters.discard(waiter)

    async def close(self) -> None:
        if self._poller is not None:
            self._poller.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._poller
        await self._held.close()

    async def _poll(self) -> None:
        """Polls as long as anybody waits.

        Who comes during a look is looked up in the next round.
        """
        while self._waiters:
            self._came.forget()
            try:
                await self._look()
            except Exception as problem:
                if not is_transient(problem):
                    raise
            await self._came.wait(POLL_S if self.has_workers_here else POLL_FOREIGN_S)

    async def _look(self) -> None:
        wanted = sorted(
            {(w.projection, s) for w in self._waiters if not w.done.done() for s in w.missing}
        )
        if not wanted:
            return
        async with self._held.use() as connection:
            rows = await connection.fetch(
                sql.PROCESSED_BY_SEVERAL, [p for p, _ in wanted], [s for _, s in wanted]
            )
        found: dict[str, dict[UUID, int]] = {}
        for projection, stream, version in rows:
            found.setdefault(projection, {})[stream] = version
        for waiter in list(self._waiters):
            _strike(waiter, found.get(waiter.projection, {}))


async def until(
    ready: Callable[[], Awaitable[bool]],
    signal: Signal,
    *,
    timeout_s: float,
    poll_s: float = POLL_S,
) -> bool:
    """Asks again whenever the signal is notified, and now and then."""
    listener = Listener()
    signal.add(listener)
    end_s = monotonic_s() + timeout_s
    try:
        while True:  # Until ready, or the timeout.
            listener.forget()
            if await ready():
                return True
            left_s = end_s - monotonic_s()
            if left_s <= 0:
                return False
            await listener.wait(min(poll_s, left_s))
    finally:
        signal.remove(listener)


def _strike(waiter: _Waiter, versions: Mapping[UUID, int]) -> None:
    for stream in [s for s, v in waiter.missing.items() if versions.get(s, 0) >= v]:
        del waiter.missing[stream]
    if not waiter.missing and not waiter.done.done():
        waiter.done.set_result(None)
