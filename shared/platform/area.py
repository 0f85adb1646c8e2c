"""What belongs to an area of a service, declared; and a service put together from its areas."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any, Protocol, TypeVar
from uuid import UUID

from fastapi import APIRouter

from shared.kernel.decider import Aggregate, AnyWork, Rejected
from shared.platform.projector.port import Check, Projection
from shared.platform.reactor.port import BatchQuestion, Effect, Question, Reaction
from shared.platform.service import Service

K = TypeVar("K")
T = TypeVar("T")
Handler = Callable[[Any], AnyWork]


class ReactionModule(Protocol):
    """A module `when_….py` of an area's reactions. NEEDS names read models; may be missing."""

    __name__: str
    HEARS: Any
    react: Callable[..., Any]


class EffectModule(Protocol):
    """A module `when_….py` of an area's effects; `perform` takes the service's ports first.

    `failed`, which may be missing, says what follows when it is given up.
    """

    __name__: str
    HEARS: Any
    perform: Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Area:
    """Everything the runtime must know of an area, and nothing that decides."""

    name: str
    aggregates: Sequence[Aggregate[Any, Any]] = ()
    events: Mapping[str, type] = field(default_factory=dict)  # Name on the wire -> class.
    public: Mapping[str, frozenset[str]] = field(default_factory=dict)  # Public topic -> names.
    handlers: Mapping[type, Handler] = field(default_factory=dict)  # Of commands that react gives.
    read_models: Sequence[Projection] = ()
    checks: Sequence[Callable[[], Check]] = ()  # What `verify` judges by the events alone.
    reactions: Sequence[Reaction] = ()
    effects: Sequence[EffectModule] = ()
    routes: Sequence[APIRouter] = ()
    private_tables: Sequence[str] = ()  # Personal data, made by the service's own migration.
    rejections: Mapping[type[Rejected], int] = field(default_factory=dict)  # Its HTTP status.


class DeclaredTwice(ValueError):
    """Two areas of a service declare the same thing, or one does it twice. It names both."""


def reaction(
    module: ReactionModule,
    ask: Question | None = None,
    ask_all: BatchQuestion | None = None,
) -> Reaction:
    """The reaction of a module: named like its file, with the question that answers its NEEDS."""
    return Reaction(
        module.__name__.rpartition(".")[2],
        module.HEARS,
        module.react,
        getattr(module, "NEEDS", ()),
        ask,
        ask_all,
    )


def events_of(areas: Sequence[Area]) -> Mapping[str, type]:
    """What a service with these areas publishes: name on the wire -> class.

    Raises DeclaredTwice.
    """
    return _once(
        "event", [(area, name, kind) for area in areas for name, kind in area.events.items()]
    )


def join(
    name: str,
    areas: Sequence[Area],
    *,
    subscribes_to: Mapping[str, type],
    settings: object = None,
    ports: object = None,
) -> Service:
    """The service that its areas make. `ports` are what its effects reach the outside with.

    Raises DeclaredTwice.
    """
    kinds = _once("aggregate", [(a, one.kind, one) for a in areas for one in a.aggregates])
    models = _once("read model", [(a, one.name, one) for a in areas for one in a.read_models])
    handlers = _once("handler", [(a, of, one) for a in areas for of, one in a.handlers.items()])
    reactions = _once("reaction", [(a, one.name, one) for a in areas for one in a.reactions])
    effects = _once("effect", [(a, _name_of(one), one) for a in areas for one in a.effects])
    _once("table", [(a, one, one) for a in areas for one in _tables_of(a)])
    _once("route", [(a, each, each) for a in areas for each in _routes_of(a)])

    def fire(kind: str, stream: UUID, timer: str, due_at: datetime) -> AnyWork:
        return kinds[kind].fire(stream, timer, due_at)

    return Service(
        name=name,
        own=events_of(areas),
        subscribes_to=subscribes_to,
        public=_united([area.public for area in areas]),
        private_tables=frozenset(chain.from_iterable(area.private_tables for area in areas)),
        aggregates=list(kinds.values()),
        fire=fire,
        handlers=handlers,
        projections=list(models.values()),
        checks=[check for area in areas for check in area.checks],
        reactions=list(reactions.values()),
        effects=[
            Effect(
                title,
                module.HEARS,
                partial(module.perform, ports),
                getattr(module, "failed", None),
            )
            for title, module in effects.items()
        ],
        routers=[router for area in areas for router in area.routes],
        problems=_statuses(areas),
        settings=settings,
    )


def _name_of(module: EffectModule) -> str:
    return module.__name__.rpartition(".")[2]


def _tables_of(area: Area) -> Iterator[str]:
    for model in area.read_models:
        yield from (rows.name for rows in model.models)
    yield from area.private_tables


def _routes_of(area: Area) -> Iterator[str]:
    """Method and path of each, whatever the parameters of the path are called."""
    for router in area.routes:
        for route in router.routes:
            for method in sorted(getattr(route, "methods", None) or ()):
                yield f"{method} {re.sub(r'{[^}]*}', '{}', getattr(route, 'path', ''))}"


def _statuses(areas: Sequence[Area]) -> Mapping[type[Rejected], int]:
    """A rule of several areas may be listed by each of them, with the same status."""
    found: dict[type[Rejected], tuple[Area, int]] = {}
    for area in areas:
        for kind, status in area.rejections.items():
            first, known = found.setdefault(kind, (area, status))
            if known != status:
                raise _twice("rejection", kind.__name__, first, area)
    return {kind: status for kind, (_, status) in found.items()}


def _once(what: str, declared: Iterable[tuple[Area, K, T]]) -> dict[K, T]:
    """All that the areas declare of one sort, by its name."""
    found: dict[K, tuple[Area, T]] = {}
    for area, name, one in declared:
        if name in found:
            raise _twice(what, name, found[name][0], area)
        found[name] = area, one
    return {name: one for name, (_, one) in found.items()}


def _twice(what: str, name: object, first: Area, second: Area) -> DeclaredTwice:
    said = name.__name__ if isinstance(name, type) else name
    return DeclaredTwice(f"{what} {said}: declared by {first.name} and by {second.name}")


def _united(parts: Sequence[Mapping[str, frozenset[str]]]) -> Mapping[str, frozenset[str]]:
    """Unites the public topics: several areas may add to the same one."""
    found: dict[str, frozenset[str]] = {}
    for topic, names in chain.from_iterable(part.items() for part in parts):
        found[topic] = found.get(topic, frozenset()) | names
    return found
