"""What belongs to an area of a service, declared; and a service put together from its areas."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any, Protocol, TypeVar
from uuid import UUID

from fastapi import APIRouter

from shared.kernel.decider import Aggregate, AnyWork, Rejected
from shared.platform.projector.port import Projection
from shared.platform.reactor.port import BatchQuestion, Effect, Question, Reaction
from shared.platform.service import Service

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
    public: frozenset[str] = frozenset()  # Names that also go to the public topic.
    handlers: Mapping[type, Handler] = field(default_factory=dict)  # Of commands that react gives.
    read_models: Sequence[Projection] = ()
    reactions: Sequence[Reaction] = ()
    effects: Sequence[EffectModule] = ()
    routes: Sequence[APIRouter] = ()
    private_tables: Sequence[str] = ()  # Personal data, made by the service's own migration.
    rejections: Mapping[type[Rejected], int] = field(default_factory=dict)  # Its HTTP status.


class DeclaredTwice(ValueError):
    """Two areas of a service declare the same event, handler or rejection."""


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
    """What a service with these areas publishes: name on the wire -> class."""
    return _merged([area.events for area in areas])


def join(
    name: str,
    areas: Sequence[Area],
    *,
    heard: Mapping[str, type],
    settings: object = None,
    ports: object = None,
) -> Service:
    """The service that its areas make. `ports` are what its effects reach the outside with.

    Raises DeclaredTwice.
    """
    kinds = {kind.kind: kind for area in areas for kind in area.aggregates}

    def fire(kind: str, stream: UUID, timer: str, due_at: datetime) -> AnyWork:
        return kinds[kind].fire(stream, timer, due_at)

    return Service(
        name=name,
        own=events_of(areas),
        heard=heard,
        public=frozenset(chain.from_iterable(area.public for area in areas)),
        private_tables=frozenset(chain.from_iterable(area.private_tables for area in areas)),
        aggregates=list(kinds.values()),
        fire=fire,
        handlers=_merged([area.handlers for area in areas]),
        projections=[model for area in areas for model in area.read_models],
        reactions=[each for area in areas for each in area.reactions],
        effects=[_effect(module, ports) for area in areas for module in area.effects],
        routers=[router for area in areas for router in area.routes],
        problems=_merged([area.rejections for area in areas], may_repeat=True),
        settings=settings,
    )


def _effect(module: EffectModule, ports: object) -> Effect:
    name = module.__name__.rpartition(".")[2]
    perform = partial(module.perform, ports)
    return Effect(name, module.HEARS, perform, getattr(module, "failed", None))


def _merged(parts: Sequence[Mapping[Any, T]], *, may_repeat: bool = False) -> dict[Any, T]:
    """All of them; the same key twice only with the same value, and only where that may be."""
    found: dict[Any, T] = {}
    for part in parts:
        for key, value in part.items():
            if key in found and not (may_repeat and found[key] == value):
                raise DeclaredTwice(str(key))
            found[key] = value
    return found
