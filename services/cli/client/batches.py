"""Sends many commands in few requests, and repeats those lines that got no answer yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from services.cli.client.duebook import (
    Answer,
    Duebook,
    Refused,
    Unreachable,
    is_worth_repeating,
    refusal_of,
)
from services.cli.client.keyed_requests import KeyedRequest
from services.cli.client.repeating import Patience
from shared.platform.codec import to_json

LINES_MAX: Final = 500  # of one request; the services take no more
LINES_BYTES_MAX: Final = 900_000  # of one request; the services take 1,000,000

Outcome = Answer | Refused


class _Waiting(NamedTuple):
    place: int  # Among the requests that were given.
    line: bytes


async def commands(duebook: Duebook, requests: Sequence[KeyedRequest]) -> Sequence[Outcome]:
    """Does all of them, commands of one resource, in their order. Raises Unreachable.

    One that is refused is an answer like others. What a service cannot do now is repeated with
    its key until the client's patience is over.
    """
    if not requests:
        return ()
    service, resource = requests[0].service, _resource(requests[0])
    answered: dict[int, Outcome] = {}
    waiting = [_Waiting(place, _line(request)) for place, request in enumerate(requests)]
    patience = Patience(duebook.retry_s_max)
    while True:  # Until all are answered, or patience is over.
        for part in _parts(waiting):
            answered |= await _send(duebook, service, resource, part)
        waiting = [one for one in waiting if one.place not in answered]
        if not waiting:
            return [answered[place] for place in range(len(requests))]
        if not await patience.pause():
            raise Unreachable(f"{len(waiting)} commands of {resource} got no answer")


async def _send(
    duebook: Duebook, service: str, resource: str, part: Sequence[_Waiting]
) -> Mapping[int, Outcome]:
    body = msgspec.Raw(b'{"items":[' + b",".join(one.line for one in part) + b"]}")
    answer = await duebook.batch(service, f"/{resource}:batch", body)
    found: dict[int, Outcome] = {}
    for one, item in zip(part, answer.body["items"], strict=True):
        outcome = _outcome(item)
        if not (isinstance(outcome, Refused) and is_worth_repeating(outcome)):
            found[one.place] = outcome
    return found


def _outcome(item: Mapping[str, Any]) -> Outcome:
    if item["status"] >= 400:
        return refusal_of(item["status"], item["problem"])
    body = item["body"]
    return Answer(
        status=item["status"],
        body=body,
        version=body.get("version"),
        token=item.get("consistency_token"),
        replayed=item["replayed"],
    )


def _parts(waiting: Sequence[_Waiting]) -> Iterator[Sequence[_Waiting]]:
    """As many lines at a time as one request may hold."""
    part: list[_Waiting] = []
    size = 0
    for one in waiting:
        if part and (len(part) == LINES_MAX or size + len(one.line) > LINES_BYTES_MAX):
            yield part
            part, size = [], 0
        part.append(one)
        size += len(one.line) + 1
    if part:
        yield part


def _resource(request: KeyedRequest) -> str:
    return request.path.split("/")[1].partition(":")[0]


def _line(request: KeyedRequest) -> bytes:
    """The line that says what the request would say alone."""
    line: dict[str, object] = {"idempotency_key": request.key, "body": request.body}
    _, _, named = request.path.strip("/").partition("/")
    if named:
        line["id"], _, line["action"] = named.partition(":")
    return to_json(line)
