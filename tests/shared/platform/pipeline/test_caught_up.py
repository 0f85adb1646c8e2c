"""Since when a worker is known to stand at the end of all that it hears, partition by partition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from shared.platform.database.pools import Database
from shared.platform.leases.leases import Leases
from shared.platform.log.port import LogReader, TopicPartition
from shared.platform.subscription.consumer import Consumer, Handler
from tests.support.toy.owned import Owned

ONE: Final = TopicPartition("one", 0)
TWO: Final = TopicPartition("two", 0)
BESIDE: Final = TopicPartition("one", 1)


class Ended:
    """A reader that knows of each partition how long ago it ended where the worker stands."""

    def __init__(self, ago_s: Mapping[TopicPartition, float]) -> None:
        self._ago_s = ago_s

    def caught_up_ago_s(self, at: TopicPartition, position: int) -> float | None:
        return self._ago_s.get(at)


def known(ago_s: Mapping[TopicPartition, float]) -> Mapping[int, float]:
    consumer = Consumer(
        "toy",
        "worker",
        database=cast(Database, None),
        reader=cast(LogReader, Ended(ago_s)),
        leases=cast(Leases, Owned()),
        handler=cast(Handler, None),
    )
    consumer._cursors.positions = {ONE: 5, TWO: 7, BESIDE: 9}
    return consumer.caught_up_ago_s()


class TestCaughtUp:
    def test_is_as_old_as_the_topic_that_was_seen_longest_ago(self) -> None:
        assert known({ONE: 1.0, TWO: 3.0, BESIDE: 2.0}) == {0: 3.0, 1: 2.0}
        assert known({ONE: 3.0, TWO: 1.0, BESIDE: 2.0}) == {0: 3.0, 1: 2.0}

    def test_is_not_said_of_a_partition_that_is_behind_on_one_topic(self) -> None:
        assert known({ONE: 1.0, BESIDE: 2.0}) == {1: 2.0}
        assert known({TWO: 1.0}) == {}
