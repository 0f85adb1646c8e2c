"""Scorecards: how a customer pays, and the points and grade that follow from it."""

from __future__ import annotations

from typing import Final

from services.credit.scorecards.projections import behavior
from shared.platform.area import Area

AREA: Final = Area(name="scorecards", read_models=(behavior.READ_MODEL,))
