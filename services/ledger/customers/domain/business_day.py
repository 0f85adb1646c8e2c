"""Decides which business date a command gets. Refuses days too early, and days ahead."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from shared.kernel.days import day_at
from shared.kernel.rejections import EffectiveDateOutOfRange

FIRST_DAY: Final = date(1970, 1, 1)


def business_day(
    wanted: date | None,
    *,
    now: datetime,
    zone: str,
    earliest: date = FIRST_DAY,
    field: str = "/effective_on",
) -> date:
    """The wanted day, or the entity's day of `now` where none was wanted."""
    today = day_at(now, zone)
    day = today if wanted is None else wanted
    if not max(FIRST_DAY, earliest) <= day <= today:
        raise EffectiveDateOutOfRange(field)
    return day
