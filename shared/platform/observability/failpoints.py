"""Kills the process where a test says so: a crash there is tried and not imagined.

At some of them the process can be slowed down instead, so that others are seen to wait for it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

T = TypeVar("T")

# name or name:n, to end the n-th time it is reached; name:50ms, to wait there every time.
VARIABLE: Final = "DUEBOOK_FAILPOINT"
KILLED: Final = 137  # exit code, as after SIGKILL

NAMES: Final = frozenset(
    (
        "writer.before_commit",  # All is decided and sent, nothing is committed.
        "writer.after_commit",  # Nobody has an answer, the relay has not been notified.
        "log.after_send",  # Whether the log has it, nobody knows yet.
        "relay.after_poll",
        "relay.before_append",
        "relay.after_append",  # Acknowledged, and the outbox rows are still there.
        "relay.after_delete",
        "projector.after_fetch",
        "projector.after_fence",
        "projector.before_commit",
        "projector.after_commit",
        "reactor.before_submit",
        "reactor.after_submit",
        "reactor.before_commit",
        "reactor.after_commit",
        "parking.before_commit",
        "parking.after_commit",
        "parking.after_retry",  # What follows is written; the stream is parked still.
        "parking.before_retry_commit",
        "parking.after_retry_commit",
        "effect.after_perform",
        "adapter.after_hand_over",
        "timers.after_poll",
        "timers.after_submit",
        "import.after_line",
        "imports.after_answers",
        "imports.after_lines",
    )
)
STDERR: Final = 2
TURNS: Final = 5  # of the event loop, until what was begun has reached its socket

SLOW_NAMES: Final = frozenset(("projector.after_fetch",))  # Reached, not only hit.

_left: dict[str, int] = {}  # Armed points, and how often they may still be passed.
_delays_s: dict[str, float] = {}  # Slow points, and how long they take.


class UnknownFailpoint(Exception):
    """No code reaches this name: a test that armed it would prove nothing."""


def arm(specification: str) -> None:
    """Arms 'relay.after_append', 'relay.after_append:3' or 'projector.after_fetch:50ms'.

    '' arms nothing. Forgets what was armed. Raises UnknownFailpoint.
    """
    _left.clear()
    _delays_s.clear()
    if not specification:
        return
    name, _, times = specification.partition(":")
    if name not in NAMES:
        raise UnknownFailpoint(name)
    if times.endswith("ms"):
        if name not in SLOW_NAMES:
            raise UnknownFailpoint(f"{name} cannot be slow")
        _delays_s[name] = int(times.removesuffix("ms")) / 1000
    else:
        _left[name] = int(times or "1")


def hit(name: str) -> None:
    """Ends the process here when armed, without any goodbye but its name on stderr."""
    if name not in _left:
        return
    _left[name] -= 1
    if _left[name] == 0:
        os.write(STDERR, f"{said_at(name)}\n".encode())
        os._exit(KILLED)


def said_at(name: str) -> str:
    """The last line of a process that ended there."""
    return f"failpoint {name} hit"


async def under_way(name: str, going: Coroutine[Any, Any, T]) -> T:
    """Awaits it. Like hit, when it was begun and is not done: sent, and not acknowledged."""
    if name not in _left:
        return await going
    task = asyncio.create_task(going)
    for _ in range(TURNS):
        await asyncio.sleep(0)
    hit(name)
    return await task


async def reach(name: str) -> None:
    """Like hit, at a point that can be slow; others go on meanwhile."""
    hit(name)
    if name in _delays_s:
        await asyncio.sleep(_delays_s[name])


arm(os.environ.get(VARIABLE, ""))
