"""Decides which day and which knowledge a question is about where the caller did not say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from shared.platform.http.queries import PointInTime, QueryRequest
from shared.platform.projector.moment import KNOWN_EVER, At

HOME_ZONE: Final = "UTC"  # Where nothing has a time zone yet.


@dataclass(frozen=True, slots=True)
class Bounds:
    """The moment of a question, and what the answer says of it."""

    at: At
    as_known: datetime  # As it is echoed: the instant of the question where none was asked for.

    @property
    def as_of(self) -> date:
        return self.at.as_of

    @property
    def echo(self) -> dict[str, object]:
        return {"as_of": self.at.as_of, "as_known": self.as_known}


def bounds(query: QueryRequest, moment: PointInTime, zones: Iterable[str]) -> Bounds:
    """Without as_of it is the latest of the todays of these time zones."""
    today = max((query.today(zone) for zone in zones), default=query.today(HOME_ZONE))
    is_now = moment.as_of is None and moment.as_known is None
    at = At(moment.as_of or today, known_by(moment), is_now)
    return Bounds(at, moment.as_known or query.now)


def known_by(moment: PointInTime) -> datetime:
    """Without as_known nothing is left out, whatever another clock recorded a moment ahead."""
    return moment.as_known or KNOWN_EVER
