"""Places where a test may kill the process, so that a crash there is tried and not imagined."""

from __future__ import annotations

import os
from typing import Final

VARIABLE: Final = "DUEBOOK_FAILPOINT"  # name or name:n, the n-th time it is reached
KILLED: Final = 137  # exit code, as after SIGKILL

NAMES: Final = frozenset(
    (
        "relay.after_poll",
        "relay.before_append",
        "relay.after_append",
        "relay.after_delete",
        "projector.after_fetch",
        "projector.after_fence",
        "projector.before_commit",
        "projector.after_commit",
        "reactor.before_submit",
        "reactor.after_submit",
        "reactor.before_commit",
        "reactor.after_commit",
        "effect.after_perform",
        "adapter.after_hand_over",
        "timers.after_poll",
        "timers.after_submit",
        "import.after_line",
    )
)

_left: dict[str, int] = {}  # Armed points, and how often they may still be passed.


class UnknownFailpoint(Exception):
    """A name that no code reaches: a test that armed it would prove nothing."""


def arm(specification: str) -> None:
    """'relay.after_append' or 'relay.after_append:3'; '' arms nothing. Forgets what was armed."""
    _left.clear()
    if not specification:
        return
    name, _, times = specification.partition(":")
    if name not in NAMES:
        raise UnknownFailpoint(name)
    _left[name] = int(times or "1")


def hit(name: str) -> None:
    """Ends the process here when armed, without any goodbye."""
    if name not in _left:
        return
    _left[name] -= 1
    if _left[name] == 0:
        os._exit(KILLED)


arm(os.environ.get(VARIABLE, ""))
