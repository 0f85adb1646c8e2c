"""Wakes loops of this process. A ring is never lost: who was busy finds it when it waits next."""

from __future__ import annotations

import asyncio
from typing import Any


class Listener:
    """One listener's end of some signals. Made by a loop, kept for its life."""

    def __init__(self) -> None:
        self._heard = asyncio.Event()

    def notify(self) -> None:
        self._heard.set()

    def forget(self) -> None:
        """Before a look at the data, so that a ring during the look wakes again."""
        self._heard.clear()

    async def wait(self, timeout_s: float) -> bool:
        """True when it rang since `forget`, False after the timeout."""
        if self._heard.is_set():
            return True
        try:
            async with asyncio.timeout(timeout_s):
                await self._heard.wait()
        except TimeoutError:
            return False
        return True


class Signal:
    """Something happened that others may want to look at."""

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
    """The failure of what nobody waits for anymore is nobody's."""
    if not done.cancelled():
        done.exception()
