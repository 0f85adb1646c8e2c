"""Lets a talkative library say each thing once in a while. While brokers are away a Kafka client
would repeat itself ten times a second.
"""

from __future__ import annotations

import logging
from typing import Final

from shared.platform.clock import monotonic_s

REPEAT_S: Final = 60.0  # before the same thing is logged again
THINGS_MAX: Final = 500  # remembered; then all are forgotten


class Sparing(logging.Handler):
    """Passes a record on unless the same line of code spoke within REPEAT_S."""

    def __init__(self, onward: logging.Logger) -> None:
        super().__init__()
        self._onward = onward
        self._last: dict[tuple[str, int], float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        said = (record.pathname, record.lineno)
        now = monotonic_s()
        if now - self._last.get(said, -REPEAT_S) < REPEAT_S:
            return
        if len(self._last) >= THINGS_MAX:
            self._last.clear()
        self._last[said] = now
        self._onward.handle(record)


def spare(library: str) -> None:
    """Once per process is enough; more does no harm."""
    logger = logging.getLogger(library)
    if not any(isinstance(handler, Sparing) for handler in logger.handlers):
        logger.addHandler(Sparing(logging.getLogger()))
        logger.propagate = False
        logger.setLevel(logging.WARNING)
