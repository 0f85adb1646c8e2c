"""Says the same thing once in a while: what is away for an hour is tried a thousand times.

For our own lines and for those of a talkative library. Nothing is lost but repetitions, and those
are counted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Mapping
from typing import Final

import structlog

from shared.platform.clock import monotonic_s

REPEAT_S: Final = 60.0  # before the same thing is logged again
THINGS_MAX: Final = 500  # remembered; then all are forgotten


class Said:
    """What was said, and how often it was kept back since."""

    def __init__(self) -> None:
        self._last: dict[Hashable, float] = {}
        self._kept_back: dict[Hashable, int] = {}

    def again(self, thing: Hashable) -> int | None:
        """Tells how often it was held back, if it is to be said now; else None."""
        now_s = monotonic_s()
        if now_s - self._last.get(thing, -REPEAT_S) < REPEAT_S:
            self._kept_back[thing] = self._kept_back.get(thing, 0) + 1
            return None
        if len(self._last) >= THINGS_MAX:
            self._last.clear()
            self._kept_back.clear()
        self._last[thing] = now_s
        return self._kept_back.pop(thing, 0)


class ThrottledLog:
    """A logger of our own for loops. The same line is the same event with the same facts."""

    def __init__(self, name: str) -> None:
        self._log: structlog.stdlib.BoundLogger = structlog.get_logger(name)
        self._said = Said()

    def info(self, event: str, **facts: object) -> None:
        self._say(self._log.info, event, facts)

    def warning(
        self, event: str, beside: Mapping[str, object] | None = None, **facts: object
    ) -> None:
        """Says it as a warning. What stands `beside` is said and does not make it another line."""
        self._say(self._log.warning, event, facts, beside)

    def error(self, event: str, problem: BaseException, **facts: object) -> None:
        """Says it as an error, with the problem's traceback."""
        facts["problem"] = type(problem).__name__
        self._say(self._log.error, event, facts, {"exc_info": problem})

    def _say(
        self,
        say: Callable[..., object],
        event: str,
        facts: Mapping[str, object],
        beside: Mapping[str, object] | None = None,
    ) -> None:
        kept_back = self._said.again((event, *sorted(facts.items())))
        if kept_back is not None:
            repeated = {"kept_back": kept_back} if kept_back else {}
            say(event, **facts, **(beside or {}), **repeated)


class ThrottledHandler(logging.Handler):
    """Passes a library's record on unless the same line of code spoke within REPEAT_S."""

    def __init__(self, onward: logging.Logger) -> None:
        super().__init__()
        self._onward = onward
        self._said = Said()

    def emit(self, record: logging.LogRecord) -> None:
        if self._said.again((record.pathname, record.lineno)) is not None:
            self._onward.handle(record)


def throttle(library: str) -> None:
    """Throttles the logger; once per process is enough, more does no harm."""
    logger = logging.getLogger(library)
    if not any(isinstance(handler, ThrottledHandler) for handler in logger.handlers):
        logger.addHandler(ThrottledHandler(logging.getLogger()))
        logger.propagate = False
        logger.setLevel(logging.WARNING)
