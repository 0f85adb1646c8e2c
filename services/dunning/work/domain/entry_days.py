"""How far the day of what a person did or agreed may lie from the day it is entered. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

AGO_MAX: Final = timedelta(days=366)  # what is longer ago is history, or its year is mistyped
AHEAD_MAX: Final = timedelta(days=366)  # a later day is a wish, or its year is mistyped
