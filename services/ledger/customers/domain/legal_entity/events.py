"""What happens to a legal entity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalEntityRegistered:
    code: str
    name: str
    time_zone: str
    currency: str
    registered_on: date  # Its own day.
    take_over_on: date | None  # What happened before it is history; None: all of it is acted on.
    notice_minimum: Money  # Nobody is reminded of less, or of as much.
    address: str | None  # Lines of text.


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOverDateChanged:
    code: str
    take_over_on: date
    previous: date | None


Event = LegalEntityRegistered | TakeOverDateChanged
