"""What an absent `as_of` or `as_known` means: now, and whatever is known."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from shared.platform.http.queries import PointInTime, QueryRequest

# Without `as_known` nothing is left out, not even what another clock recorded a moment ahead.
EVERYTHING: Final = datetime(9999, 12, 31, tzinfo=UTC)


def day_of(moment: PointInTime, query: QueryRequest, zone: str) -> date:
    return moment.as_of or query.today(zone)


def known_by(moment: PointInTime) -> datetime:
    return moment.as_known or EVERYTHING


def echo(moment: PointInTime, query: QueryRequest) -> dict[str, object]:
    """What a list says of its moment; its items say their own day where none was asked for."""
    return {"as_of": moment.as_of, "as_known": moment.as_known or query.now}
