"""Answers the lines of a batch, each as the route of its own would answer it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Annotated, Any, Final, NamedTuple, Protocol
from uuid import UUID

import msgspec
import structlog
from msgspec import UNSET, UnsetType
from pydantic import Field
from starlette.responses import Response
from starlette.types import Message, Scope

from shared.platform.codec import to_json
from shared.platform.http.answers import REQUEST_ID, ProblemView, internal_error, of_problem
from shared.platform.http.bodies import NO_BODY, ReadRequest
from shared.platform.http.commands import KEY_CHARACTERS_MAX
from shared.platform.http.models import WHOLE_NUMBER_MAX, RequestBody
from shared.platform.http.problems import Problem
from shared.platform.http.tokens import etag
from shared.platform.http.turns import Turn, take_turn, turns
from shared.platform.http.views import REF, View, said

LINES_MAX: Final = 500  # lines of one batch
KEY_TEXT: Final = "^[!-~]([ -~]*[!-~])?$"
LINES_AT_ONCE: Final = 16  # lines begun before others' requests are looked at
ACTION_CHARACTERS_MAX: Final = 100  # of the name of what a line does
ID_CHARACTERS_MAX: Final = 100  # of what names the resource in a path
CREATE: Final = "create"

_log = structlog.get_logger("duebook.http")


class BatchLine(RequestBody):
    """One command of many: what its own route takes in path, headers and body."""

    idempotency_key: Annotated[
        str | None, Field(pattern=KEY_TEXT, max_length=KEY_CHARACTERS_MAX)
    ] = None
    action: Annotated[str, Field(pattern="^[a-z][a-z-]*$", max_length=ACTION_CHARACTERS_MAX)] = (
        CREATE
    )
    id: Annotated[str | None, Field(pattern="^[^/:\\x00]+$", max_length=ID_CHARACTERS_MAX)] = None
    expected_version: Annotated[int | None, Field(ge=0, le=WHOLE_NUMBER_MAX)] = None
    body: dict[str, Any] | None = None


class LineView(View, frozen=True, kw_only=True):
    """What became of one line: what its own route would have answered."""

    line: Annotated[int, said("Its place in the request, from 1.", 1)]
    status: Annotated[int, said("The HTTP status.", 201)]
    idempotency_key: Annotated[str | UnsetType, said("As sent.", "erp-0131")] = UNSET
    replayed: Annotated[bool, said("Whether it was done before, under the same key.", False)]
    consistency_token: Annotated[
        str | UnsetType, said("For a query that is to have seen it.", "eyJzIjoibGVkZ2VyIn0")
    ] = UNSET
    body: Annotated[
        msgspec.Raw | UnsetType,
        said("Where accepted: the resource, as the route of the action answers.", {"version": 1}),
        msgspec.Meta(extra_json_schema={"type": "object"}),
    ] = UNSET
    problem: Annotated[
        msgspec.Raw | UnsetType,
        said("Where refused: the problem."),
        msgspec.Meta(extra_json_schema={"$ref": REF.format(name=ProblemView.__name__)}),
    ] = UNSET


class LineEndpoint(Protocol):
    """A route that writes, for requests that were read already."""

    async def respond(self, request: ReadRequest) -> Response: ...

    def place(self, scope: Scope, id: str | None) -> bool:
        """Puts route and path into the scope; False: the route wants an id, or none."""
        ...


class Endpoints(Protocol):
    """Knows the routes that write by resource and action."""

    def endpoint(self, resource: str, action: str) -> LineEndpoint | None: ...


class Placed(NamedTuple):
    """A line with what it is about, and its place in what was sent."""

    number: int  # From 1.
    resource: str  # As in the path, such as "invoices".
    line: BatchLine


class Lines:
    """Runs lines of one request. Those of one action run together, and each run sees the last."""

    def __init__(
        self,
        app: Any,
        endpoints: Endpoints,
        *,
        is_dry_run: bool,
        request_id: UUID | None = None,
        traceparent: bytes | None = None,
    ) -> None:
        self._endpoints = endpoints
        self._is_dry_run = is_dry_run
        self._shared: Mapping[str, Any] = {
            "type": "http",
            "method": "POST",
            "root_path": "",
            "query_string": b"dry_run=true" if is_dry_run else b"",
            "app": app,
            REQUEST_ID: request_id,
        }
        self._headers = [] if traceparent is None else [(b"traceparent", traceparent)]

    async def answer(self, lines: Sequence[Placed], now: datetime) -> Sequence[LineView]:
        """Answers each, in their order."""
        answered: list[LineView] = []
        for _, run in groupby(lines, key=lambda one: (one.resource, one.line.action)):
            together = list(run)
            answered += await self._together(together, turns(len(together), now))
        return answered

    async def _together(
        self, lines: Sequence[Placed], places: Sequence[Turn]
    ) -> Sequence[LineView]:
        tasks: list[asyncio.Task[LineView]] = []
        async with asyncio.TaskGroup() as group:
            for line, place in zip(lines, places, strict=True):
                tasks.append(group.create_task(self._answer(line, place)))
                if len(tasks) % LINES_AT_ONCE == 0:
                    await asyncio.sleep(0)  # Others' requests are served in between.
        return [task.result() for task in tasks]

    async def _answer(self, placed: Placed, turn: Turn) -> LineView:
        try:
            response = await self._respond(placed, turn)
        except Problem as problem:
            response = of_problem(problem, self._shared[REQUEST_ID])
        except Exception:  # A bug met by one line must not reach its neighbors.
            _log.exception("line_crashed", resource=placed.resource, action=placed.line.action)
            response = internal_error(self._shared[REQUEST_ID])
        finally:
            turn.pass_on()
        return _view(placed, response)

    async def _respond(self, placed: Placed, turn: Turn) -> Response:
        line = placed.line
        endpoint = self._endpoints.endpoint(placed.resource, line.action)
        if endpoint is None:
            raise Problem("invalid-value", pointer="/action", detail="Is no action of it.")
        if line.idempotency_key is None and not self._is_dry_run:
            raise Problem("idempotency-key-required", pointer="/idempotency_key")
        scope = {**self._shared, "headers": [*self._headers, *_headers_of(line)]}
        if not endpoint.place(scope, line.id):
            wanted = "Is not taken here." if line.id else "Is required."
            raise Problem("invalid-value", pointer="/id", detail=wanted)
        take_turn(scope, turn)
        sent = b"" if line.body is None else to_json(line.body)
        decoded = NO_BODY if line.body is None else line.body
        return await endpoint.respond(ReadRequest(scope, _nothing_more, sent, decoded))


def _headers_of(line: BatchLine) -> Iterator[tuple[bytes, bytes]]:
    if line.idempotency_key is not None:
        quoted = line.idempotency_key.replace("\\", "\\\\").replace('"', '\\"')
        yield b"idempotency-key", f'"{quoted}"'.encode()
    if line.expected_version is not None:
        yield b"if-match", etag(line.expected_version).encode()


def _view(placed: Placed, response: Response) -> LineView:
    is_done = response.status_code < 400
    body = msgspec.Raw(response.body)
    return LineView(
        line=placed.number,
        status=response.status_code,
        idempotency_key=placed.line.idempotency_key or UNSET,
        replayed="idempotency-replayed" in response.headers,
        consistency_token=response.headers.get("consistency-token") or UNSET,
        body=body if is_done else UNSET,
        problem=UNSET if is_done else body,
    )


async def _nothing_more() -> Message:
    """What a line's body was read from says: there is no more of it."""
    return {"type": "http.disconnect"}
