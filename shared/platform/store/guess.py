"""Guesses what the locks would show: a batch is decided on remembered states, and then compared.

The write appends only where every stream it rests on is as it was taken to be, and nothing else.
So an acceptance that was written is certain. Nothing else is: a rejection, a replay or an answer
that writes nothing may rest on a state of long ago, and is decided again behind the locks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from shared.kernel.decider import Accepted, AnyStream, AnyWork, Caller, Folded
from shared.platform.store.batch import Batch, Loaded, decided
from shared.platform.store.cache import Cache
from shared.platform.store.port import Head


def remembered(streams: Mapping[UUID, Sequence[AnyStream]], cache: Cache) -> Loaded | None:
    """What is known without asking; None where a stream must be there and is not known.

    A stream that is not known and could be created is taken for one that is not there.
    """
    heads: dict[UUID, Head] = {}
    folded: dict[UUID, Folded] = {}
    for id, named in streams.items():
        known = cache.get(id)
        if known is not None:
            heads[id], folded[id] = known
        elif all(one.book is None for one in named):
            return None
    return Loaded(heads, folded, broken={}, stored={})


async def certain(
    asked: Sequence[tuple[AnyWork, Caller]], batch: Batch
) -> Sequence[Accepted] | None:
    """The answers that are certain once the batch is written; None if one of them would not be.

    All or none, so that works are decided in their order whichever way they go.
    """
    answers: list[Accepted] = []
    if any(caller.dry_run for _, caller in asked):
        return None
    async for outcome in decided(batch, asked):
        if not isinstance(outcome, Accepted) or outcome.replayed or not outcome.versions:
            return None
        answers.append(outcome)
    return answers if batch.compares_all else None
