"""What a service hands to the platform: its words, its rules, its read models. No IO here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter

from shared.kernel.decider import Aggregate, AnyWork, Rejected
from shared.kernel.ids import PARTITIONS
from shared.platform.codec import Codec, Upcaster
from shared.platform.log.port import TopicSpec
from shared.platform.projector.port import Check, Projection
from shared.platform.reactor.port import Effect, Reaction

FOREVER_MS: Final = -1  # Kafka's word for no end
PUBLIC_RETENTION_MS: Final = 90 * 24 * 3600 * 1000  # 90 days; the services' own topics keep all


class Topics:
    """Topic names under a prefix that keeps tests (and installations on one cluster) apart."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix

    def events_of(self, service: str) -> str:
        """The topic that holds every event of a service."""
        return f"{self._prefix}duebook.{service}.events.v1"

    def public(self, name: str) -> str:
        """A topic that holds a selection of events, for anybody."""
        return f"{self._prefix}duebook.{name}.v1"


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service, complete but for its database, its log and its clock."""

    name: str
    own: Mapping[str, type]  # Published types: name -> event class.
    subscribes_to: Mapping[str, type]  # Of other services: name -> tolerant reader.
    public: Mapping[str, frozenset[str]] = field(default_factory=dict)  # Public topic -> types.
    private_tables: frozenset[str] = frozenset()  # Where its use cases may keep personal data.
    upcasters: Mapping[str, tuple[str, Upcaster]] = field(default_factory=dict)
    aggregates: Sequence[Aggregate[Any, Any]]
    fire: Callable[[str, UUID, str, datetime], AnyWork]  # (kind, stream, timer name, due_at)
    handlers: Mapping[type, Callable[[Any], AnyWork]]  # Commands that reactions and effects give.
    projections: Sequence[Projection]
    checks: Sequence[Callable[[], Check]] = ()  # What `verify` judges beside the projections.
    reactions: Sequence[Reaction]
    effects: Sequence[Effect] = ()
    routers: Sequence[APIRouter]
    problems: Mapping[type[Rejected], int]  # Rejection -> HTTP status.
    settings: object = None  # What this service alone can be told; its routes know the class.

    def codec(self) -> Codec:
        return Codec(self.own, self.subscribes_to, self.upcasters)

    def topics_of(self, topics: Topics) -> Callable[[str], Sequence[str]]:
        """Which topics an event of a type goes to."""
        usual = (topics.events_of(self.name),)
        chosen = {
            type_name: (*usual, *(topics.public(to) for to in self.public if type_name in types))
            for types in self.public.values()
            for type_name in types
        }
        return lambda type_name: chosen.get(type_name, usual)

    def specs(self, topics: Topics) -> Sequence[TopicSpec]:
        """The topics this service reads, its own, and the public ones it writes to."""
        others = {name.partition(".")[0] for name in self.subscribes_to} - {self.name}
        return [
            *(events_spec(topics, name) for name in (*sorted(others), self.name)),
            *(public_spec(topics, name) for name in self.public),
        ]


def events_spec(topics: Topics, service: str) -> TopicSpec:
    """The topic of a service: it keeps its events for ever."""
    return TopicSpec(topics.events_of(service), PARTITIONS, FOREVER_MS)


def public_spec(topics: Topics, name: str) -> TopicSpec:
    """A public topic: it keeps a selection for as long as its readers may be away."""
    return TopicSpec(topics.public(name), PARTITIONS, PUBLIC_RETENTION_MS)
