"""Commits while a group's coordinator is away, through the client's own classes. No broker."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import pytest
import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as Place
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaConnectionError

from shared.platform.log import kafka
from shared.platform.log.mirror import Mirror
from shared.platform.log.port import TopicPartition

AT: Final = TopicPartition("t", 0)
CUT_S: Final = 0.05
BACKOFF_MS: Final = 10
A_WHILE_S: Final = 10 * BACKOFF_MS / 1000


class Brokers:
    """The client below a coordinator: what it is asked for, and brokers that do not answer."""

    def __init__(self, *, has_coordinator: bool) -> None:
        self.has_coordinator = has_coordinator
        self.fail = asyncio.Event()
        self.sent: list[Sequence[Any]] = []
        self.cluster = self

    async def coordinator_lookup(self, *_: object) -> int:
        if not self.has_coordinator:
            raise GroupCoordinatorNotAvailableError
        return 1

    async def ready(self, *_: object, **__: object) -> bool:
        return True

    async def send(self, node: int, request: Any, **_: object) -> None:
        """Hangs as a broker does that is stopped, then its connection ends."""
        self.sent.append(request._topics)
        await self.fail.wait()
        raise KafkaConnectionError

    async def force_metadata_update(self) -> None: ...

    def add_listener(self, _: object) -> None: ...

    def remove_listener(self, _: object) -> None: ...


class Group:
    """A mirror on a real coordinator of a group."""

    def __init__(self, brokers: Brokers) -> None:
        self.brokers = brokers
        client = AIOKafkaConsumer(group_id="g", bootstrap_servers="127.0.0.1:1")
        self.coordinator = GroupCoordinator(
            brokers,
            client._subscription,
            group_id="g",
            enable_auto_commit=False,
            retry_backoff_ms=BACKOFF_MS,
        )
        client._coordinator = self.coordinator
        client._subscription.assign_from_user([Place(*AT)])
        client._closed = True  # It has never begun: nothing to complain of at its end.
        self.mirror = Mirror("g", kafka._Consumer(client).commit)

    async def commit(self, position: int) -> None:
        self.mirror._wanted = {AT: position}
        await self.mirror._flush(CUT_S)


@pytest.fixture
async def unseen() -> AsyncIterator[list[dict[str, Any]]]:
    """What the loop would tell the operator: failures that nobody looked at."""
    found: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: found.append(context))
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    yield found
    logging.getLogger("aiokafka").setLevel(logging.WARNING)


class TestCommitWhileTheCoordinatorIsAway:
    @pytest.mark.parametrize("has_coordinator", [True, False], ids=["silent", "unknown"])
    async def test_leaves_nothing_behind_and_is_told_once(
        self, unseen: list[dict[str, Any]], *, has_coordinator: bool
    ) -> None:
        group = Group(Brokers(has_coordinator=has_coordinator))
        with structlog.testing.capture_logs() as lines:
            for position in range(3):
                await group.commit(position)
            await group.coordinator.close()
            group.brokers.fail.set()
            await asyncio.sleep(A_WHILE_S)
        gc.collect()

        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert unseen == []
        assert [line["event"] for line in lines] == ["offsets not mirrored"]

    async def test_the_next_one_tells_the_newest(self, unseen: list[dict[str, Any]]) -> None:
        group = Group(Brokers(has_coordinator=True))
        for position in (1, 2):
            await group.commit(position)
        await group.coordinator.close()

        assert group.brokers.sent == [[("t", [(0, 1, "")])], [("t", [(0, 2, "")])]]
        assert unseen == []
