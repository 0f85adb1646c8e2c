"""What a reaction is: an event, and the commands that follow from it. Facts come from questions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.kernel.envelope import Recorded

Question = Callable[[AsyncConnection, Recorded[Any]], Awaitable[Any]]
BatchQuestion = Callable[
    [AsyncConnection, Sequence[Recorded[Any]]], Awaitable[Mapping[UUID, Any]]
]  # Answers by the ids of the events.


@dataclass(frozen=True)
class Reaction:
    """One sentence of the business: when this happened, these commands follow.

    `react(recorded, facts)` is pure and gives commands, at most one to a stream. `facts` is what
    `ask` answered, None without it. `needs` names the projections of this service that must have
    passed, on every topic they hear, the end offset read after the event, before `ask` is asked.
    Where many events of one kind come together, `ask_all` answers for all of them at once.
    """

    name: str
    subscribes_to: type[Any] | tuple[type[Any], ...]  # Event classes of the codec.
    react: Callable[[Recorded[Any], Any], Sequence[Any]]
    needs: Sequence[str] = ()
    ask: Question | None = None
    ask_all: BatchQuestion | None = None

    @property
    def asks(self) -> bool:
        return self.ask is not None or self.ask_all is not None


@dataclass(frozen=True)
class Effect:
    """A reaction that does something outside (a mail handed over), then gives commands.

    `perform(recorded, now)` must be repeatable: after a crash it is called again with the same
    event, on a later day perhaps. It raises Unreachable when somebody is away whom every event
    needs; the partition waits. Whatever else it raises concerns this event alone: it is tried a
    few times, then `failed(recorded, reason)` gives the commands that follow and later events go
    on. `reason` is the name of the exception's class. Without `failed` the stream is parked.
    """

    name: str
    subscribes_to: type[Any] | tuple[type[Any], ...]
    perform: Callable[[Recorded[Any], datetime], Awaitable[Sequence[Any]]]
    failed: Callable[[Recorded[Any], str], Sequence[Any]] | None = None


def event_types_of(reactions: Iterable[Reaction]) -> tuple[type[Any], ...]:
    """The event classes that any of them hears."""
    found: dict[type[Any], None] = {}
    for reaction in reactions:
        types = reaction.subscribes_to
        found.update(dict.fromkeys(types if isinstance(types, tuple) else (types,)))
    return tuple(found)


class Unreachable(Exception):
    """Somebody this effect needs is away. Not an error: it waits."""
