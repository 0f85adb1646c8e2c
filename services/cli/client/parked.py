"""Asks all services what their workers pass over, and asks them to take it up again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.cli.client.clocks import ORDER
from services.cli.client.duebook import Duebook


@dataclass(frozen=True, slots=True)
class ParkedStream:
    """A stream that a worker passes over, as its service tells it."""

    service: str
    worker: str
    place: str  # Topic, partition and the first offset that waits.
    stream_id: UUID
    parked_at: str
    error: str


async def parked_streams(duebook: Duebook) -> Sequence[ParkedStream]:
    """Lists what is parked, service by service."""
    asked = (duebook.operation(service, "GET", "/parked") for service in ORDER)
    return _read([answer.body for answer in await asyncio.gather(*asked)])


async def retry(duebook: Duebook, stream: UUID | None) -> Sequence[ParkedStream]:
    """Asks for a retry of this stream, or of all that is parked; tells of what was asked for."""
    streams = [stream] if stream else [one.stream_id for one in await parked_streams(duebook)]
    found: list[ParkedStream] = []
    for wanted in dict.fromkeys(streams):
        asked = (duebook.operation(name, "POST", f"/parked/{wanted}:retry") for name in ORDER)
        found += _read([answer.body for answer in await asyncio.gather(*asked)])
    return found


def _read(bodies: Sequence[Mapping[str, Any]]) -> Sequence[ParkedStream]:
    return [
        ParkedStream(
            service=service,
            worker=one["worker"],
            place=f"{one['topic']}/{one['partition']}/{one['first_offset']}",
            stream_id=UUID(one["stream_id"]),
            parked_at=one["parked_at"],
            error=one["error"],
        )
        for service, body in zip(ORDER, bodies, strict=True)
        for one in body["items"]
    ]
