"""Tells other processes that there is something new: NOTIFY on a connection of its own.

Never inside a writing transaction, where it would serialize all commits of the server, and never
more often than the pause allows. A lost notification costs its readers one poll interval.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from shared.platform.database.pools import Database

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver

PAUSE_S: Final = 0.01  # between two notifications
RECONNECT_S: Final = 1.0  # after a connection that failed


class Notifier:
    def __init__(self, database: Database, channel: str) -> None:
        self._database = database
        self._channel = channel
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def notify(self) -> None:
        """Notifies soon. Starts the work in the running loop at the first call."""
        self._wanted.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"notify {self._channel}")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        connection: Driver | None = None
        try:
            while True:  # Until close().
                await self._wanted.wait()
                self._wanted.clear()
                try:
                    if connection is None or connection.is_closed():
                        connection = await self._database.own_connection("duebook notifier")
                    await connection.execute(f"NOTIFY {self._channel}")
                except Exception:  # Readers poll anyway.
                    self._wanted.set()
                    await asyncio.sleep(RECONNECT_S)
                else:
                    await asyncio.sleep(PAUSE_S)
        finally:
            if connection is not None:
                connection.terminate()
