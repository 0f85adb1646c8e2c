"""Runs one projection: rows and cursor move in one transaction. Knows no read model."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from shared.platform.database.connections import HeldConnection
from shared.platform.database.pools import Database
from shared.platform.log.port import TopicPartition
from shared.platform.observability import failpoints
from shared.platform.observability import metrics as meters
from shared.platform.projector.port import Projection, Rows
from shared.platform.projector.rows_sql import SESSION, RowStore
from shared.platform.subscription import cursor_sql as sql
from shared.platform.subscription.consumer import Batch, Cursors, ends_of, moved_all
from shared.platform.subscription.decoding import EventDecoder, unprocessed_of
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
        streams = list({one.stream_id for one in records})
        tenants = sorted(map(str, {one.tenant_id for one in records}))
        async with self._held.use() as connection, connection.transaction():
            looked = await connection.fetchrow(
                sql.MOVE_AND_LOOK, *cursors.fence(upto), streams, "{" + ",".join(tenants) + "}"
            )
            assert looked is not None  # An aggregate without GROUP BY gives one row.
            moved_all(looked, upto)
            failpoints.hit("projector.after_fence")
            processed = dict(zip(looked["streams"] or (), looked["versions"] or (), strict=True))
            unprocessed = unprocessed_of(records, processed)
            if unprocessed.events:
                rows = Rows()
                await self._rows.load(connection, rows, self._projection.needs(unprocessed.events))
                await self._rows.store(connection, self._projection.fold(rows, unprocessed.events))
            await connection.execute(
                sql.MARK_PROCESSED,
                cursors.worker,
                list(unprocessed.versions),
                list(unprocessed.versions.values()),
            )
            failpoints.hit("projector.before_commit")
        failpoints.hit("projector.after_commit")
        meters.DUPLICATES.labels(self._service, cursors.worker).inc(unprocessed.duplicates)
        self._progress.advanced(cursors.worker, unprocessed.versions)
        return upto

    def stop(self) -> None:
        """Does nothing: a batch is short."""

    async def close(self) -> None:
        await self._held.close()

    async def _connect(self) -> Driver:
        connection = await self._database.own_connection(f"duebook {self._projection.name}")
        await connection.execute(SESSION)
        return connection
