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
from shared.platform.projector.port import Projection
from shared.platform.reactor.port import Effect, Reaction

FOREVER_MS: Final = -1  # Kafka's word for no end
ALERTS_RETENTION_MS: Final = 90 * 24 * 3600 * 1000  # 90 days; the feed keeps all
ALERTS_TOPIC: Final = "duebook.alerts.v1"
SERVICES: Final = ("ledger", "credit", "dunning")


class Topics:
    """Topic names under a prefix that keeps tests (and installations on one cluster) apart."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix

    def events_of(self, service: str) -> str:
        return f"{self._prefix}duebook.{service}.events.v1"

    @property
    def alerts(self) -> str:
        return f"{self._prefix}{ALERTS_TOPIC}"

    def all(self) -> Sequence[TopicSpec]:
        events = [TopicSpec(self.events_of(name), PARTITIONS, FOREVER_MS) for name in SERVICES]
        return [*events, TopicSpec(self.alerts, PARTITIONS, ALERTS_RETENTION_MS)]


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service, complete but for its database, its log and its clock."""

    name: str
    own: Mapping[str, type]  # Published types: name -> event class.
    heard: Mapping[str, type]  # Inbox: name -> tolerant reader.
    public: frozenset[str] = frozenset()  # Types that also go to the alerts topic.
    private_tables: frozenset[str] = frozenset()  # Where its use cases may keep personal data.
    upcasters: Mapping[str, tuple[str, Upcaster]] = field(default_factory=dict)
    aggregates: Sequence[Aggregate[Any, Any]]
    fire: Callable[[str, UUID, str, datetime], AnyWork]  # (kind, stream, timer name, due_at)
    handlers: Mapping[
        type, Callable[[Any], AnyWork]
    ]  # Commands that reactions and effects wish for.
    projections: Sequence[Projection]
    reactions: Sequence[Reaction]
    effects: Sequence[Effect] = ()
    routers: Sequence[APIRouter]
    problems: Mapping[type[Rejected], int]  # Rejection -> HTTP status.
    settings: object = None  # What this service alone can be told; its routes know the class.

    def codec(self) -> Codec:
        return Codec(self.own, self.heard, self.upcasters)

    def topics_of(self, topics: Topics) -> Callable[[str], Sequence[str]]:
        """Which topics an event of a type goes to."""
        usual = (topics.events_of(self.name),)
        both = (*usual, topics.alerts)
        return lambda type_name: both if type_name in self.public else usual
