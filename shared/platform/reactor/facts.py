"""Waits until projections may be asked about an event: they have seen all there is to see by now.

Partitions are the same in all topics, so only the event's own partition number has to be waited
for: everything about its account is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from shared.kernel.envelope import Recorded
from shared.platform.database.connections import HeldConnection
from shared.platform.database.pools import Database
from shared.platform.log.port import EventLog
from shared.platform.signals import Signal
from shared.platform.subscription.progress import ProjectionProgress, until

WAIT_S_MAX: Final = 10.0  # then the partition rests, and others go on
LATE_WAIT_S_MAX: Final = 0.2  # for a partition that was waited for in vain

# Rows that are there now; what comes later need not be waited for.
OUTBOX_LAST: Final = """
SELECT max(position) FROM es_outbox WHERE topic = $1 AND partition_no = ANY($2::smallint[])"""
OUTBOX_HAS: Final = """
SELECT DISTINCT partition_no FROM es_outbox
 WHERE topic = $1 AND partition_no = ANY($2::smallint[]) AND position <= $3"""
BEHIND: Final = """
SELECT DISTINCT partition_no
  FROM unnest($1::text[], $2::text[], $3::smallint[], $4::bigint[])
       AS w(worker, topic, partition_no, upto)
  LEFT JOIN es_cursor c USING (worker, topic, partition_no)
 WHERE c.next_offset IS NULL OR c.next_offset < w.upto"""

Targets = dict[tuple[str, str, int], int]  # (projection, topic, partition) -> next offset


class FactsBehind(TimeoutError):
    """What a reaction asks for is not there in time. What is asked for others may be."""


class Facts:
    """For one worker at a time."""

    def __init__(
        self,
        own_topic: str,
        subscribes_to: Mapping[str, Sequence[str]],  # projection -> topics
        *,
        database: Database,
        log: EventLog,
        progress: ProjectionProgress,
        published: Signal,
    ) -> None:
        self._own_topic = own_topic
        self._subscribes_to = subscribes_to
        self._log = log
        self._progress = progress
        self._published = published
        self._stopping = False
        self._late: frozenset[int] = frozenset()  # Partitions it waited for in vain.
        self._held = HeldConnection(lambda: database.own_connection("duebook facts"))

    async def ready(self, asked: Sequence[tuple[Recorded[Any], Sequence[str]]]) -> None:
        """Returns when every named projection may be asked about its event. Raises FactsBehind.

        A partition that it waited for in vain is not waited for so long again before it has been
        ready once: a projection may have halted there for good.
        """
        partitions = {recorded.partition for recorded, needs in asked if needs}
        wait_s = LATE_WAIT_S_MAX if partitions & self._late else WAIT_S_MAX
        await self._passed(await self._wanted(asked, wait_s), wait_s)
        self._late -= partitions

    async def _wanted(
        self, asked: Sequence[tuple[Recorded[Any], Sequence[str]]], wait_s: float
    ) -> Targets:
        """How far each projection must have got: to the ends, once all of ours is on the log."""
        wanted: Targets = {}
        asked_for: dict[str, set[tuple[str, int]]] = {}  # topic -> projections and partitions
        for recorded, needs in asked:
            for projection in needs:
                for topic in self._subscribes_to[projection]:
                    asked_for.setdefault(topic, set()).add((projection, recorded.partition))
        if self._own_topic in asked_for:
            await self._own_is_published({n for _, n in asked_for[self._own_topic]}, wait_s)
        ends = await self._log.ends(sorted(asked_for)) if asked_for else {}
        for topic, pairs in asked_for.items():
            for projection, partition in pairs:
                wanted[projection, topic, partition] = ends[topic][partition]
        return wanted

    def stop(self) -> None:
        """Wait for nothing any more; the batch is repeated by whoever comes next."""
        self._stopping = True
        self._published.notify()
        self._progress.moved.notify()

    async def close(self) -> None:
        await self._held.close()

    def _go_on(self) -> None:
        if self._stopping:
            raise FactsBehind("stopping")

    async def _own_is_published(self, partitions: set[int], wait_s: float) -> None:
        async with self._held.use() as connection:
            last = await connection.fetchval(OUTBOX_LAST, self._own_topic, sorted(partitions))
        if last is not None:
            arguments = (self._own_topic, sorted(partitions), last)
            await self._none_left(wait_s, self._published, "outbox", OUTBOX_HAS, *arguments)

    async def _passed(self, wanted: Targets, wait_s: float) -> None:
        if wanted:
            await self._none_left(
                wait_s,
                self._progress.moved,
                ", ".join(sorted({name for name, _, _ in wanted})),
                BEHIND,
                [projection for projection, _, _ in wanted],
                [topic for _, topic, _ in wanted],
                [partition for _, _, partition in wanted],
                list(wanted.values()),
            )

    async def _none_left(
        self, wait_s: float, signal: Signal, missing: str, statement: str, *arguments: object
    ) -> None:
        """Waits until the statement finds no partition that is behind. Raises FactsBehind."""
        left: list[int] = []

        async def is_none_left() -> bool:
            self._go_on()
            async with self._held.use() as connection:
                left[:] = [row[0] for row in await connection.fetch(statement, *arguments)]
            return not left

        if not await until(is_none_left, signal, timeout_s=wait_s):
            self._late |= frozenset(left)
            raise FactsBehind(missing)
