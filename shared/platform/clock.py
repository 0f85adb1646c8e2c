"""The only place that reads the time.

The domain clock says which day it is for the business; the wall clock is for leases, timeouts and
logs. Projections and decisions read neither.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class DomainClock(Protocol):
    """Tells what time it is for the business. It is asked once per request or batch."""

    @property
    def is_manual(self) -> bool: ...

    async def now(self) -> datetime:
        """Tells the instant, aware and in UTC."""
        ...


class SystemClock:
    """The domain clock of every system that is not rehearsed."""

    is_manual = False

    async def now(self) -> datetime:
        return datetime.now(UTC)


def wall_now() -> datetime:
    return datetime.now(UTC)


def monotonic_s() -> float:
    """Seconds of a clock that never goes back; its zero means nothing."""
    return time.monotonic()
