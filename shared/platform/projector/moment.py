"""The two bounds of a question about the past: up to which business day, and known up to when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

KNOWN_EVER: Final = datetime(9999, 1, 1, tzinfo=UTC)  # Later than anything is recorded.


@dataclass(frozen=True, slots=True)
class At:
    """Holds both bounds, inclusive.

    `is_now`: nobody asked for another time, so nothing is left out.
    """

    as_of: date
    as_known: datetime
    is_now: bool
