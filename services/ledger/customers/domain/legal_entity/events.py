"""What happens to a legal entity."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalEntityRegistered:
    code: str
    name: str
    time_zone: str
    currency: str


Event = LegalEntityRegistered
