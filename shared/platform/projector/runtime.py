"""Runs one projection: rows and cursor move in one transaction. Knows no read model."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from shared.kernel.envelope import Recorded
from shared.platform.database.connections import HeldConnection
from shared.platform.database.pools import Database
from shared.platform.log.port import TopicPartition
from shared.platform.observability import failpoints
from shared.platform.observability import metrics as meters
from shared.platform.projector.port import Projection, Rows
from shared.platform.projector.rows_sql import SESSION, RowStore
from shared.platform.subscription.consumer import Batch, Cursors, ends_of
from shared.platform.subscription.decoding import (
    EventDecoder,
    Unprocessed,
    assumed_of,
    unprocessed_of,
)
from shared.platform.subscription.moving import mark, move_and_look, move_and_mark
from shared.platform.subscription.progress import ProjectionProgress

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver

PROJECTIONS_AT_ONCE: Final = 2  # one folds while the other's statements run
FOLDED_MAX: Final = 500  # records of one batch: larger ones cost more a record, and hold others up


class Projector:
    """Handles the batches of one projection."""

    records_max = FOLDED_MAX

    def __init__(
        self,
        service: str,
        projection: Projection,
        *,
        database: Database,
        decoder: EventDecoder,
        progress: ProjectionProgress,
        turns: asyncio.Semaphore,  # Of the projections that are at work at one time.
    ) -> None:
        self._service = service
        self._projection = projection
        self._database = database
        self._decoder = decoder
        self._progress = progress
        self._turns = turns
        self._rows = RowStore(projection.models)
        self._held = HeldConnection(self._connect)

    async def handle(self, cursors: Cursors, batch: Batch) -> Mapping[TopicPartition, int]:
        """Folds the batch when its turn has come: it waits for no more than a batch of each."""
        async with self._turns:
            return await self._fold(cursors, batch)

    async def _fold(self, cursors: Cursors, batch: Batch) -> Mapping[TopicPartition, int]:
        records = self._decoder.decode_all(batch)
        upto = ends_of(batch)
        assumed = assumed_of(records)
        made = None if assumed is None else self._made_of_nothing(assumed.events)
        async with self._held.use() as connection:
            if (
                assumed is not None
                and made is not None
                and not made.is_changed
                and await move_and_mark(connection, cursors, upto, assumed, is_assumed=True)
            ):
                processed = assumed  # No row is concerned: one round trip is enough.
            else:
                processed = await self._write(connection, cursors, upto, records, assumed, made)
        failpoints.hit("projector.after_commit")
        meters.DUPLICATES.labels(self._service, cursors.worker).inc(processed.duplicates)
        self._progress.advanced(cursors.worker, processed.versions)
        return upto

    def _made_of_nothing(self, events: Sequence[Recorded[Any]]) -> Rows | None:
        """What the fold makes of events without looking at a row; None where it has to."""
        if any(True for _ in self._projection.needs(events)):
            return None
        return self._projection.fold(Rows(), events)

    async def _write(
        self,
        connection: Driver,
        cursors: Cursors,
        upto: Mapping[TopicPartition, int],
        records: Sequence[Recorded[Any]],
        assumed: Unprocessed | None,
        made: Rows | None,
    ) -> Unprocessed:
        """Rows, marks and cursor in one transaction; gives what was new. Raises Fenced."""
        tenants = {one.tenant_id for one in records}
        async with connection.transaction():
            if assumed is not None and await move_and_mark(
                connection, cursors, upto, assumed, is_assumed=True, tenants=tenants
            ):
                new = assumed
            else:
                processed = await move_and_look(connection, cursors, upto, records)
                new, made = unprocessed_of(records, processed), None
                await mark(connection, cursors.worker, new)
            failpoints.hit("projector.after_fence")
            if made is None and new.events:
                rows = Rows()
                await self._rows.load(connection, rows, self._projection.needs(new.events))
                made = self._projection.fold(rows, new.events)
            if made is not None:
                await self._rows.store(connection, made)
            failpoints.hit("projector.before_commit")
        return new

    def stop(self) -> None:
        """Does nothing: a batch is short."""

    async def close(self) -> None:
        await self._held.close()

    async def _connect(self) -> Driver:
        connection = await self._database.own_connection(f"duebook {self._projection.name}")
        await connection.execute(SESSION)
        return connection
