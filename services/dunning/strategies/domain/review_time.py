"""When it is decided what is done to a customer: at an hour at which people work, all facts in."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

from shared.kernel.days import day_at, instant_of

FIRST_HOUR: Final = time(8)  # of the account's day; nobody is written to at night
LAST_HOUR: Final = time(20)  # of the account's day; later waits for the morning
QUIET: Final = timedelta(minutes=15)  # for what is entered together to be all there
DAY: Final = timedelta(days=1)
OUTAGE: Final = timedelta(days=1)  # a review that comes so late was kept back by one


def review_time(reached_at: datetime, zone: str) -> datetime:
    """The first time of work a quarter of an hour or more after the instant."""
    return work_time(reached_at + QUIET, zone)


def work_time(at: datetime, zone: str) -> datetime:
    """The instant, where people work then; else when they begin."""
    day = day_at(at, zone)
    if at > instant_of(day, LAST_HOUR, zone):
        day += DAY
    return max(at, instant_of(day, FIRST_HOUR, zone))


def is_after_outage(due_at: datetime, now: datetime) -> bool:
    """Then what was reached meanwhile is not heard yet."""
    return now - due_at >= OUTAGE


def review_on(day: date, zone: str) -> datetime:
    """The first time of work of a day."""
    return instant_of(day, FIRST_HOUR, zone)
