"""What a bench measures: how long, how often, and how many requests at once."""

from __future__ import annotations

from typing import Final, NamedTuple

SECONDS_MIN: Final = 0.1  # seconds of one measurement; less says nothing
SECONDS_MAX: Final = 60.0  # for each thing in each round
ROUNDS_MAX: Final = 20  # rounds; the median needs no more
CONNECTIONS_MAX: Final = 256  # at once; one socket each


class Plan(NamedTuple):
    """How long, how often, and how many at once."""

    seconds: float
    rounds: int
    connections: int
