"""The problems that users can do something about, each said in a line."""

from __future__ import annotations

from typing import Final

from pydantic import ValidationError

from services.cli.bench.speeds import BenchFailed
from services.cli.client.clocks import ClockNotManual, WorkHalted, WorkStandsStill
from services.cli.client.duebook import Refused, Unreachable
from shared.platform.database.embedded.errors import EmbeddedError
from shared.platform.hosting.preconditions import DatabaseRefused, SchemaMismatch
from shared.platform.hosting.settings import DatabaseUnknown
from shared.platform.log.port import LogUnavailable, TopicMismatch, UnknownTopic

EXPECTED: Final[tuple[type[Exception], ...]] = (
    ValidationError,
    DatabaseRefused,
    DatabaseUnknown,
    EmbeddedError,
    Refused,
    Unreachable,
    ClockNotManual,
    WorkHalted,
    WorkStandsStill,
    BenchFailed,
    LogUnavailable,
    SchemaMismatch,
    TopicMismatch,
    UnknownTopic,
)


def line_about(problem: Exception) -> str | None:
    """What is said about it; None: it is a bug."""
    if not isinstance(problem, EXPECTED):
        return None
    if isinstance(problem, ValidationError):
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in problem.errors()]
        return "; ".join(lines)
    return f"{type(problem).__name__}: {problem}" if str(problem) else type(problem).__name__
