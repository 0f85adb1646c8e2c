"""Calculates with plain dates, and knows where a day begins in a zone. Never reads a clock."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Final

from shared.kernel.zones import zone_of

_CACHED_DAYS_MAX: Final = 20_000  # days whose beginning in a zone is remembered


@lru_cache(maxsize=_CACHED_DAYS_MAX)
def start_of_day(day: date, zone: str) -> datetime:
    """The UTC instant at which the day begins in the zone.

    Where midnight does not exist (clocks go forward at 00:00) it is the first instant after the
    gap; where it happens twice it is the first.
    """
    return instant_of(day, time(), zone)


def instant_of(day: date, at: time, zone: str) -> datetime:
    """The UTC instant of a time of day in the zone; a gap and a repetition are as at midnight."""
    return datetime.combine(day, at, zone_of(zone)).astimezone(UTC)


def day_at(instant: datetime, zone: str) -> date:
    """The day it is in the zone at the instant."""
    return instant.astimezone(zone_of(zone)).date()


def end_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def add_months(day: date, months: int) -> date:
    """The same day of another month; the month's last where that day is missing."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def whole_months(start: date, end: date) -> int:
    """Completed months from start to end; a month ends on the same day or the month's last."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return months if add_months(start, months) <= end else months - 1
