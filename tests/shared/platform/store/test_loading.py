"""A long load is not felt by those who need nothing of it, and is not done twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from shared.kernel.decider import Accepted, AnyWork
from shared.platform.store.loading import FOLDED_AT_ONCE
from shared.platform.store.memory import MemoryStore, MemoryTransaction
from shared.platform.store.port import Writes
from shared.platform.store.writer import Writer
from tests.support.toy import wallet
from tests.support.toy.wallet import CODEC, caller, topics_of

TIMES = 20


async def done(
    store: MemoryStore, work: AnyWork, aggregates: Sequence[wallet.ToyAggregate] = ()
) -> Accepted:
    """By a process of its own, to which three events are a long stream."""
    writer = Writer(store, CODEC, topics_of, aggregates=aggregates, tail_events_min=3)
    writer.start()
    try:
        return await writer.submit(work, caller())
    finally:
        await writer.close()


async def turns_while(store: MemoryStore, number: str) -> int:
    """How often another task gets its turn while a new process decides about the wallet."""
    writer = Writer(store, CODEC, topics_of)
    writer.start()
    deciding = asyncio.ensure_future(writer.submit(wallet.spend(number, 1), caller()))
    turns = 0
    while not deciding.done():
        await asyncio.sleep(0)
        turns += 1
    assert (await deciding).version > 1
    await writer.close()
    return turns


async def test_others_get_their_turn_while_a_long_stream_is_folded() -> None:
    store = MemoryStore()
    writer = Writer(store, CODEC, topics_of)
    writer.start()
    await writer.submit(wallet.open_wallet("short", 5), caller())
    await writer.submit(wallet.open_wallet("long", 5), caller())
    filled = [wallet.Filled(1)] * FOLDED_AT_ONCE
    for _ in range(TIMES):
        await writer.submit(wallet.write(wallet.stream("long"), *filled), caller())
    await writer.close()

    assert await turns_while(store, "long") >= await turns_while(store, "short") + TIMES


async def test_a_load_that_the_connection_did_not_survive_is_not_done_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A server ends a transaction that idles while a stream is folded for long."""
    store = MemoryStore()
    for work in (wallet.open_wallet("a", 9), wallet.spend("a", 1)):
        await done(store, work)

    async def lost(transaction: MemoryTransaction, writes: Writes) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr(MemoryTransaction, "write_and_commit", lost)
        with pytest.raises(ConnectionResetError):
            await done(store, wallet.spend("a", 1), aggregates=[wallet.wallet])

    id = wallet.stream("a").id
    assert (len(store.events_of(id)), store.snapshots[id].version) == (3, 3)
