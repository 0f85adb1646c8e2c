"""Strategies: which notices and tasks a debt of some grade and age asks for."""

from __future__ import annotations

from typing import Final

from shared.platform.area import Area

AREA: Final = Area(name="strategies")
