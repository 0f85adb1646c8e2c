"""Tells lag tools how far a worker is, beside its work. Refuses to delay or to fail it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final

from shared.platform.log.port import TopicPartition
from shared.platform.observability.throttled_log import ThrottledLog

INTERVAL_S: Final = 1.0  # between two commits
COMMIT_TIMEOUT_S: Final = 5.0  # for one commit; positions that are not told are told later
LAST_COMMIT_TIMEOUT_S: Final = 1.0  # for the commit at the end


class Mirror:
    """Commits the newest positions, at most once per INTERVAL_S."""

    def __init__(
        self, name: str, commit: Callable[[Mapping[TopicPartition, int]], Awaitable[None]]
    ) -> None:
        self._name = name
        self._commit = commit
        self._wanted: dict[TopicPartition, int] = {}
        self._running: asyncio.Task[None] | None = None
        self._log = ThrottledLog(__name__)

    def note(self, positions: Mapping[TopicPartition, int]) -> None:
        self._wanted.update(positions)
        if self._wanted and (self._running is None or self._running.done()):
            self._running = asyncio.create_task(self._run())

    async def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
        await self._flush(LAST_COMMIT_TIMEOUT_S)

    async def _run(self) -> None:
        while self._wanted:  # Ends: nothing new was noted for an interval.
            await self._flush(COMMIT_TIMEOUT_S)
            await asyncio.sleep(INTERVAL_S)

    async def _flush(self, timeout_s: float) -> None:
        """Commits the newest positions; what fails is forgotten, as newer ones follow."""
        if not self._wanted:
            return
        newest, self._wanted = self._wanted, {}
        try:
            async with asyncio.timeout(timeout_s):
                await self._commit(newest)
        except Exception as problem:  # Whatever it is, the work goes on.
            self._log.warning(
                "offsets not mirrored", group=self._name, problem=type(problem).__name__
            )
