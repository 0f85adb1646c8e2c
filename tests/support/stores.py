"""Reads what tests look at in an event store, the same for all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from shared.platform.database.pools import Database
from shared.platform.store.memory import MemoryStore
from shared.platform.store.port import EventStore, TimerRow
from tests.support.toy.wallet import OTHER_TENANT, TENANT

EVENTS = """
SELECT stream_id, version, event_id, headers ->> 'txid' FROM es_event ORDER BY position"""
TIMERS = """
SELECT stream_id, name, due_at, since_version, partition_no, tenant_id FROM es_timer
 ORDER BY stream_id, name"""


class Inspected(Protocol):
    store: EventStore

    async def events(self) -> list[tuple[UUID, int]]:
        """Reads stream and version, by position."""
        ...

    async def outbox(self) -> list[tuple[UUID, int, str]]: ...

    async def timers(self) -> list[TimerRow]: ...

    async def private(self, table: str) -> Mapping[UUID, Mapping[str, str | None]]: ...


class InMemory:
    def __init__(self) -> None:
        self.memory = MemoryStore()
        self.store: EventStore = self.memory

    async def events(self) -> list[tuple[UUID, int]]:
        return [(event.stream_id, event.version) for event in self.memory.events]

    async def outbox(self) -> list[tuple[UUID, int, str]]:
        return [
            (event.stream_id, event.version, topic)
            for event in self.memory.events
            for topic in event.topics
        ]

    async def timers(self) -> list[TimerRow]:
        return sorted(self.memory.timers.values())

    async def private(self, table: str) -> Mapping[UUID, Mapping[str, str | None]]:
        return {
            row.id: row.details for _, row in self.memory.private.values() if row.table == table
        }


class InPostgres:
    def __init__(self, database: Database, store: EventStore) -> None:
        self.database = database
        self.store = store

    async def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Reads as the application role, bound to both tenants of the tests."""
        connection = await self.database.own_connection("test")
        try:
            await connection.execute(f"SET app.tenants = '{{{TENANT},{OTHER_TENANT}}}'")
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    async def events(self) -> list[tuple[UUID, int]]:
        return [(row[0], row[1]) for row in await self.rows(EVENTS)]  # type: ignore[misc] # columns of EVENTS

    async def outbox(self) -> list[tuple[UUID, int, str]]:
        rows = await self.rows(
            "SELECT stream_id, version, topic FROM es_outbox ORDER BY position, topic"
        )
        return rows  # type: ignore[return-value] # columns as selected

    async def timers(self) -> list[TimerRow]:
        return [TimerRow(*row) for row in await self.rows(TIMERS)]  # type: ignore[arg-type] # columns of TIMERS

    async def private(self, table: str) -> Mapping[UUID, Mapping[str, str | None]]:
        rows = await self.rows(f"SELECT id, details FROM {table}")
        return {row[0]: json.loads(str(row[1])) for row in rows}  # type: ignore[misc] # columns as selected
