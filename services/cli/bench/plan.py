"""What a bench measures: how long, how often, and how many requests at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

SECONDS_MIN: Final = 0.1  # seconds of one measurement; less says nothing
SECONDS_MAX: Final = 60.0  # for each thing in each round
ROUNDS_MAX: Final = 20  # rounds; the median needs no more
CONNECTIONS_MAX: Final = 256  # at once; one socket each


STEADY_ITEMS: Final = 1000  # open items of the books whose aging is asked for
ECHO: Final = "echo of an invoice"
ISSUE: Final = "POST invoice"
APART: Final = "POST invoice, workers apart"
ALLOCATE: Final = "POST allocate, workers apart"
AGING: Final = f"GET aging of {STEADY_ITEMS} items"
ROWS: Final[Mapping[str, str]] = {  # As `--only` names them. The echo is always measured.
    "issue": ISSUE,
    "issue-apart": APART,
    "allocate": ALLOCATE,
    "aging": AGING,
}

WITHOUT_WORKERS: Final = "--without-workers"  # What the command that serves is told.


class Plan(NamedTuple):
    """How long, how often, and how many at once."""

    seconds: float
    rounds: int
    connections: int
    only: str | None = None  # One of ROWS; None: all of them.

    def wants(self, *names: str) -> bool:
        """Whether one of these rows is to be measured."""
        return self.only is None or ROWS[self.only] in names
