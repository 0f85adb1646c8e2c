"""How large the books are that reads are measured on. Imports nothing: help needs it."""

from __future__ import annotations

from typing import Final

ITEMS: Final = 1_000_000  # open items when nobody says how many
READ_ITEMS: Final = 100_000  # open items that reads are measured on when nobody says more
ITEMS_MIN: Final = 1_000  # open items; fewer are no book to measure on
ITEMS_MAX: Final = 10_000_000  # open items; they take some 50 GB of disk
