"""Stands for the Progress of a worker that has processed nothing yet, without a database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

from shared.platform.codec import Codec
from shared.platform.log.port import TopicPartition
from shared.platform.subscription.consumer import Batch, Cursors
from shared.platform.subscription.decoding import EventDecoder, Unprocessed, unprocessed_of
from tests.support.toy import wallet

CODEC: Final = Codec({"toy.wallet.filled.v1": wallet.Filled})


class Remembered:
    """A Progress that has processed nothing, and remembers how far cursors were moved."""

    def __init__(self) -> None:
        self.moved: dict[TopicPartition, int] = {}
        self._decoder = EventDecoder(CODEC)

    async def unprocessed(self, batch: Batch, parked: Collection[UUID] = ()) -> Unprocessed:
        return unprocessed_of(self._decoder.decode_all(batch), {}, parked)

    async def pass_by(
        self, cursors: Cursors, batch: Batch, concerns: type[Any] | tuple[type[Any], ...]
    ) -> bool:
        return False

    async def move(
        self, cursors: Cursors, upto: Mapping[TopicPartition, int], unprocessed: Unprocessed
    ) -> None:
        self.moved.update(upto)
