"""What a bench measures: how long, how often, how many requests at once, and how much of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

SECONDS_MIN: Final = 0.1  # seconds of one measurement; less says nothing
SECONDS_MAX: Final = 60.0  # for each thing in each round
ROUNDS_MAX: Final = 20  # rounds; the median needs no more
CONNECTIONS_MAX: Final = 256  # at once; one socket each
SIZE_MIN: Final = 100  # events, timers or lines; fewer say nothing
SIZE_MAX: Final = 10_000_000  # events, timers or lines; what a disk of a laptop holds


STEADY_ITEMS: Final = 1000  # open items of the books whose aging is asked for
ECHO: Final = "echo of an invoice"
ISSUE: Final = "POST invoice"
APART: Final = "POST invoice, workers apart"
ALLOCATE: Final = "POST allocate, workers apart"
AGING: Final = f"GET aging of {STEADY_ITEMS} items"
REQUESTS: Final[Mapping[str, str]] = {  # Asked for over HTTP, beside the echo.
    "issue": ISSUE,
    "issue-apart": APART,
    "allocate": ALLOCATE,
    "aging": AGING,
}
BATCH: Final = "batch"
BACKLOG: Final = "backlog"
DUNNING: Final = "dunning"
TIMERS: Final = "timers"
IMPORT: Final = "import"
BESIDE_IMPORT: Final = "beside-import"
VISIBLE: Final = "visible"
PEER_SAVE: Final = "peer-save"
PEER_PROJECTION: Final = "peer-projection"
HELP: Final = "help"
MEMORY: Final = "memory"
SKEW: Final = "skew"
OTHERS: Final[Mapping[str, str]] = {  # Each measured by a module of its own.
    BATCH: "POST invoices:batch of 100",
    BACKLOG: "relay, each projection, and all projections of ledger from a backlog",
    DUNNING: "crossings to case, alert, notice and task",
    TIMERS: "timers fired while others wait",
    IMPORT: "import of settled invoices",
    BESIDE_IMPORT: "a single POST invoice while a file of lines is done",
    VISIBLE: "from 201 to visible in a projection; with --kafka also to readable on it",
    PEER_SAVE: "POST invoice against the eventsourcing library's save",
    PEER_PROJECTION: "projections against the eventsourcing library's runner",
    HELP: "processor time of duebook --help",
    MEMORY: "memory of a process that has done much",
    SKEW: "processes beside one, with an account that has a quarter of all events",
}
ROWS: Final[Mapping[str, str]] = {**REQUESTS, **OTHERS}  # As `--only` names them.

# Of each row that has a size: what is counted, how many as a rule, and at full size.
SIZES: Final[Mapping[str, tuple[str, int, int]]] = {
    BACKLOG: ("events", 8_000, 34_000),
    DUNNING: ("crossings", 500, 10_000),
    TIMERS: ("waiting timers", 100_000, 1_000_000),
    IMPORT: ("lines", 500, 20_000),
    BESIDE_IMPORT: ("lines", 5_000, 20_000),
    PEER_PROJECTION: ("events", 2_000, 34_000),
    MEMORY: ("events", 10_000, 1_000_000),
}

# What the command that serves is told.
WITHOUT_WORKERS: Final = "--without-workers"
ALL_SERVICES: Final = "--all"
CLOCK_START: Final = "--clock-start"
KAFKA: Final = "--kafka"
TOPIC_PREFIX: Final = "--topic-prefix"


class Plan(NamedTuple):
    """How long, how often, how many at once, and how much."""

    seconds: float
    rounds: int
    connections: int
    only: str | None = None  # One of ROWS; None: all of them.
    is_full: bool = False  # The sizes of the goals, not those of a short run.
    size: int | None = None  # Of the only row.
    kafka: str | None = None  # Brokers, for what is measured there too.

    def wants(self, *names: str) -> bool:
        """Whether one of these requests is to be measured."""
        return self.only is None or ROWS[self.only] in names

    def has(self, row: str) -> bool:
        """Whether the row of this name is to be measured."""
        return self.only is None or self.only == row

    @property
    def has_requests(self) -> bool:
        """Whether anything is asked for beside the echo alone."""
        return self.only is None or self.only in REQUESTS

    def size_of(self, row: str) -> int:
        """How much of a row that has a size is done in a round."""
        _, usual, full = SIZES[row]
        return self.size or (full if self.is_full else usual)

    @property
    def command(self) -> str:
        """The command that measures this plan. Says of brokers only that there were some."""
        asked = [
            f"--seconds {self.seconds:g} --rounds {self.rounds} --connections {self.connections}",
            f"--only {self.only}" if self.only else "",
            "--full" if self.is_full else "",
            f"--size {self.size}" if self.size else "",
            f"{KAFKA} …" if self.kafka else "",
        ]
        return " ".join(["duebook bench", *filter(None, asked)])
