"""Wakes loops of this process. A notification is never lost: a busy loop finds it later."""

from __future__ import annotations

import asyncio
from typing import Any


class Listener:
    """Waits for some signals. A loop makes one for its life."""

    def __init__(self) -> None:
        self._notified = asyncio.Event()

    def notify(self) -> None:
        self._notified.set()

    def forget(self) -> None:
        """Forgets notifications.

        Call it before a look at the data: one during the look wakes again.
        """
        self._notified.clear()

    async def wait(self, timeout_s: float) -> bool:
        """Waits until it was notified since `forget`; False after the timeout."""
        if self._notified.is_set():
            return True
        try:
            async with asyncio.timeout(timeout_s):
                await self._notified.wait()
        except TimeoutError:
            return False
        return True


class Signal:
    """Notifies listeners that something happened which they may want to look at."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    def notify(self) -> None:
        for listener in self._listeners:
            listener.notify()

    def add(self, listener: Listener) -> None:
        self._listeners.add(listener)

    def remove(self, listener: Listener) -> None:
        self._listeners.discard(listener)


def heed(done: asyncio.Future[Any]) -> None:
    """Takes note of a failure that nobody waits for anymore."""
    if not done.cancelled():
        done.exception()
