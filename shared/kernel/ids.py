"""Makes stream ids from business keys, ids of events that happen once, and partitions. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import lru_cache
from hashlib import sha1
from typing import Final
from uuid import UUID

from shared.kernel.texts import number_of

NAMESPACE: Final = UUID(
    "6f0a7c7e-55d4-5f0b-9a53-0f2f6d3c9c11"
)  # Never change: every id hangs on it.
PARTITIONS: Final = 12  # Per topic, the same in all services, for ever.
_CACHED_KEYS_MAX: Final = 100_000  # accounts whose partition is remembered


def stream_id(tenant_id: UUID, legal_entity: str, kind: str, *number: str) -> UUID:
    """The one id of a business thing; two spellings of one number are the same (`number_of`)."""
    parts = (number_of(part) for part in (str(tenant_id), legal_entity, kind, *number))
    return _named(NAMESPACE, parts)


def derived(source: UUID, *parts: str | int | UUID) -> UUID:
    """An id that follows from its cause: the same cause, the same id; so firing twice is one."""
    return _named(source, map(str, parts))


def _named(namespace: UUID, texts: Iterable[str]) -> UUID:
    """The UUID of version 5 (RFC 9562) of the texts as a JSON array without blanks.

    As `uuid5` of `json.dumps`, in a third of the time: every event has several such ids.
    """
    name = "[" + ",".join(map(json.encoder.encode_basestring, texts)) + "]"
    digest = sha1(namespace.bytes + name.encode(), usedforsecurity=False).digest()
    number = int.from_bytes(digest[:16], "big")
    number = number & ~(0xF << 76) | 5 << 76  # The version,
    return UUID(int=number & ~(0x3 << 62) | 0x2 << 62)  # and the variant.


def open_item_id(stream: UUID, installment: int) -> UUID:
    """An installment of an invoice, or the unallocated rest of a payment (installment 0)."""
    return derived(stream, "open_item", installment)


@lru_cache(maxsize=_CACHED_KEYS_MAX)
def partition_of(key: UUID, partitions: int = PARTITIONS) -> int:
    """Where Kafka's default partitioner puts the key's text (murmur2, Java's toPositive)."""
    return (murmur2(str(key).encode()) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """Murmur2 with Kafka's seed, 32 bit unsigned (org.apache.kafka.common.utils.Utils.murmur2)."""
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    h = 0x9747B28C ^ len(data)
    whole = len(data) & ~3
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = h * m & mask ^ k
    tail = data[whole:]
    if tail:
        h = (h ^ int.from_bytes(tail, "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15


def timer_event_id(since_version: int, name: str) -> Callable[[UUID, int], UUID]:
    """Ids of the events a timer causes: the same timer, armed by the same event, fires once."""
    return lambda stream, n: derived(stream, name, since_version, n)


def reaction_event_id(source: UUID, reaction: str) -> Callable[[UUID, int], UUID]:
    """Ids of the events a reaction causes."""
    return lambda stream, n: derived(source, reaction, stream, n)
