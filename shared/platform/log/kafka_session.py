"""Is one Kafka producer from start to end. After an error it is not used again: order would go.

Knows the client only by what it does, so that one file imports it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from shared.platform.log.packing import packed
from shared.platform.log.port import NewRecord
from shared.platform.observability import failpoints
from shared.platform.signals import heed

END_TIMEOUT_S: Final = 2.0  # for a client to end; a process has 10 s for everything


class GivenUp(ConnectionError):
    """Another partition found that the producer is of no use any more."""


class ProducerSession:
    """A started AIOKafkaProducer, and what ends it."""

    def __init__(self, producer: Any) -> None:
        self.producer = producer
        self.records = 0
        self._broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def send(self, topic: str, partition: int, records: Sequence[NewRecord]) -> int:
        """Sends one acknowledged batch after the other; gives the offset of the first record."""
        base = -1
        for batch in packed(self.producer, records):
            delivery = await self.producer.send_batch(batch, topic, partition=partition)
            delivery.add_done_callback(heed)
            either = {delivery, self._broken}
            acknowledged = asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            await failpoints.under_way("log.after_send", acknowledged)
            if not delivery.done():
                raise GivenUp
            at: int = delivery.result().offset
            if at < 0:  # Appended, but the broker has forgotten where.
                raise LookupError("no offset in the answer")
            base = at if base < 0 else base
        return base

    def give_up(self) -> bool:
        """Wakes the other partitions that wait on it. False when somebody did so before."""
        if self._broken.done():
            return False
        self._broken.set_result(None)
        return True

    async def retire(self) -> None:
        """Retires; what was sent and not yet acknowledged has END_TIMEOUT_S left."""
        try:
            async with asyncio.timeout(END_TIMEOUT_S):
                await self.producer.flush()
        except TimeoutError:
            self.give_up()
        await self.end()

    async def end(self) -> None:
        """Ends the producer by its private parts: stop() flushes as long as brokers are away."""
        sending = self.producer._sender.sender_task
        if sending is not None:
            sending.cancel()
            await asyncio.wait({sending}, timeout=END_TIMEOUT_S)
        self.producer._closed = True
        with suppress(Exception):
            await self.producer.client.close()
