from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping
from typing import Any

from shared.platform.log.mirror import Mirror
from shared.platform.log.port import TopicPartition

AT = TopicPartition("t", 0)


class Away:
    """A client whose commit waits for a task of its own, which fails when the broker answers."""

    def __init__(self) -> None:
        self.answers = asyncio.Event()
        self.asked = 0

    async def commit(self, positions: Mapping[TopicPartition, int]) -> None:
        self.asked += 1
        await asyncio.shield(asyncio.create_task(self._inside()))

    async def _inside(self) -> None:
        await self.answers.wait()
        raise ConnectionError("coordinator is away")


class TestMirror:
    async def test_leaves_no_failure_behind_that_nobody_looks_at(self) -> None:
        unseen: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: unseen.append(context))
        away = Away()
        mirror = Mirror("group", away.commit)
        mirror.note({AT: 1})

        await mirror._flush(0.01)
        away.answers.set()
        await mirror.close()
        await asyncio.sleep(0)
        gc.collect()

        assert unseen == []

    async def test_begins_no_second_commit_while_one_hangs(self) -> None:
        away = Away()
        mirror = Mirror("group", away.commit)
        for position in (1, 2, 3):
            mirror.note({AT: position})
            await mirror._flush(0.01)

        assert away.asked == 1
        away.answers.set()
        await mirror.close()
