"""Sets up our topics on Kafka. Refuses what exists and differs, in one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared.platform.log.port import TopicMismatch, TopicSpec

REPLICAS_MAX: Final = 3  # copies of a partition; fewer where there are fewer brokers
BATCH_BYTES_MAX: Final = 1_048_576  # of a batch that a broker takes; its default


def replicas_on(brokers: int) -> int:
    return min(brokers, REPLICAS_MAX)


def settings_of(spec: TopicSpec, replicas: int) -> Mapping[str, str]:
    """Gives a topic's settings: of three copies two confirm, so that one broker may be away."""
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(spec.retention_ms),
        "retention.bytes": "-1",
        "max.message.bytes": str(BATCH_BYTES_MAX),
        "message.timestamp.type": "CreateTime",
        "min.insync.replicas": str(max(1, replicas - 1)),
        "unclean.leader.election.enable": "false",
    }


def compare(spec: TopicSpec, *, partitions: int, retention_ms: int) -> None:
    """Raises TopicMismatch."""
    if partitions != spec.partitions:
        raise TopicMismatch(f"{spec.name} has {partitions} partitions, not {spec.partitions}")
    if retention_ms != spec.retention_ms:
        raise TopicMismatch(f"{spec.name} keeps {retention_ms} ms, not {spec.retention_ms} ms")


async def count_brokers(admin: Any) -> int:
    """Counts the brokers through the admin client, which only kafka.py knows."""
    return len((await admin.describe_cluster())["brokers"])
