"""What a route that writes is given: who asks, when, and the way to the writer.

A route hands `run` a Work and says how its resource is shown; keys, versions, dry runs and tokens
are settled here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from typing import Annotated, Final, TypeVar
from uuid import UUID

import msgspec
from fastapi import Depends
from prometheus_client import Counter
from starlette._utils import get_route_path
from starlette.requests import Request
from starlette.responses import Response

from shared.kernel.days import day_at
from shared.kernel.decider import Accepted, AnyWork, Book, Caller, Resource, Work
from shared.platform.codec import to_json
from shared.platform.http.bodies import decoded_of, header
from shared.platform.http.models import AccountRef
from shared.platform.http.parts import Parts, parts_of
from shared.platform.http.problems import Problem
from shared.platform.http.tokens import Token, etag, version_of
from shared.platform.http.turns import turn_of
from shared.platform.http.views import View
from shared.platform.observability.logs import COMMANDS
from shared.platform.store.port import StreamInfo

S = TypeVar("S")

KEY_CHARACTERS_MAX: Final = 255  # of an idempotency key
ACTOR: Final = "api"  # Who asks is not known before there is authentication.

_KEY: Final = re.compile(rf"[\x20-\x7e]{{1,{KEY_CHARACTERS_MAX}}}")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_SORTED: Final = msgspec.json.Encoder(order="sorted")


class CommandRequest:
    """One request that writes. Its clock is read once."""

    __slots__ = (
        "_correlation_id",
        "_dry_run",
        "_expected_version",
        "_key",
        "_parts",
        "_request",
        "_traceparent",
        "now",
        "tenant_id",
    )

    def __init__(self, request: Request, parts: Parts, now: datetime) -> None:
        scope = request.scope
        self._request = request
        self._parts = parts
        self.tenant_id = parts.tenant_id
        self.now = now
        self._dry_run = wants_dry_run(request)
        self._key = None if self._dry_run and not _has_key(request) else key_of(request)
        self._expected_version = _expected(header(scope, b"if-match"))
        traceparent = header(scope, b"traceparent") or ""
        trace = _TRACEPARENT.fullmatch(traceparent)
        self._traceparent = traceparent if trace else ""
        self._correlation_id = UUID(trace[1]) if trace else parts.new_id()

    @property
    def key(self) -> str | None:
        """The Idempotency-Key, from which a number follows that the caller did not choose.

        None in a dry run without one.
        """
        return self._key

    def today(self, zone: str) -> date:
        """The day it is for the business in the zone."""
        return day_at(self.now, zone)

    def book(self, legal_entity: str) -> Book:
        return Book(self.tenant_id, legal_entity)

    async def find(self, id: UUID, kind: str) -> StreamInfo:
        """What is known of a resource named in the path. Answers 404 unless it is of this kind."""
        info = (await self.describe((id,))).get(id)
        if info is None or info.kind != kind:
            raise Problem("not-found")
        return info

    async def account(self, given: AccountRef) -> tuple[UUID, str]:
        """Id and legal entity of the account a body names; of an unknown id the entity is ""."""
        id = given.resolve(self.tenant_id)
        if given.legal_entity is not None:
            return id, given.legal_entity
        info = (await self.describe((id,))).get(id)
        return id, info.legal_entity if info else ""

    async def describe(self, ids: Collection[UUID]) -> Mapping[UUID, StreamInfo]:
        """The existing ones of these streams; committed, not from a projection."""
        return await self._parts.store.describe(self.tenant_id, ids)

    async def run(
        self, work: Work[S], view: Callable[[Resource[S]], View], status: int = 200
    ) -> Response:
        """Writes it, or answers what it would do (dry run, always 200).

        The answer is the view of the work's first stream. It is kept with the key for repetitions,
        so no view of a state holds personal data.
        """
        caller = Caller(
            tenant_id=self.tenant_id,
            actor=ACTOR,
            now=self.now,
            correlation_id=self._correlation_id,
            key=None if self._dry_run else self._key,
            fingerprint=await self._fingerprint(),
            expected_version=self._expected_version,
            dry_run=self._dry_run,
            traceparent=self._traceparent,
        )
        accepted = await self._submitted(
            work.answered(lambda resource: to_json(view(resource))), caller
        )
        outcome = "replayed" if accepted.replayed else "dry_run" if self._dry_run else "accepted"
        _counter(self._parts.service.name, outcome).inc()
        if self._dry_run:
            return Response(accepted.answer, 200, media_type="application/json")
        headers = {"etag": etag(accepted.version)}
        if accepted.versions:
            token = Token(self._parts.service.name, accepted.versions)
            headers["consistency-token"] = token.encode()
        if accepted.replayed:
            headers["idempotency-replayed"] = "true"
        return Response(accepted.answer, status, headers, "application/json")

    async def _submitted(self, work: AnyWork, caller: Caller) -> Accepted:
        """Waits for its answer; as a line of a batch also for its place among the others."""
        turn = turn_of(self._request.scope)
        if turn is None:
            return await self._parts.writer.submit(work, caller)
        await turn.comes()
        waiting = self._parts.writer.enqueue(work, caller, is_bulk=True)
        turn.pass_on()
        return await waiting

    async def _fingerprint(self) -> bytes:
        """Of method, path and body: the same command gives the same bytes in any spelling."""
        request = self._request
        body = await request.body()
        if body:
            with suppress(Problem, UnicodeError):  # Else taken literally.
                body = _SORTED.encode(await decoded_of(request))
        head = f"{self._request.method}\0{get_route_path(self._request.scope)}\0"
        return sha256(head.encode() + body).digest()


async def command_request(request: Request) -> CommandRequest:
    parts = parts_of(request)
    await _refuse_unread_body(request)
    turn = turn_of(request.scope)
    return CommandRequest(request, parts, turn.now if turn else await parts.clock.now())


CommandContext = Annotated[CommandRequest, Depends(command_request)]
"""Annotate a route's parameter with it: `async def issue(body: Issue, context: CommandContext)`."""


async def _refuse_unread_body(request: Request) -> None:
    """A route without a body must not silently drop one."""
    if getattr(request.scope.get("route"), "body_field", None) is not None:
        return
    body = await request.body()
    if not body.strip():
        return
    try:
        given = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Problem("malformed-json") from None
    if given != {}:
        first = next(iter(given)) if isinstance(given, dict) else ""
        raise Problem("unknown-field", pointer=f"/{first}" if first else "")


@cache
def _counter(service: str, outcome: str) -> Counter:
    return COMMANDS.labels(service, outcome)


def wants_dry_run(request: Request) -> bool:
    """Reads the parameter that every route that writes takes. Raises invalid-query."""
    if not request.scope["query_string"]:
        return False
    given = request.query_params.getlist("dry_run")
    if given in ([], ["false"]):
        return False
    if given == ["true"]:
        return True
    raise Problem("invalid-query", pointer="/dry_run", detail="Must be true or false.")


def _has_key(request: Request) -> bool:
    return header(request.scope, b"idempotency-key") is not None


def key_of(request: Request) -> str:
    """Accepts the quoted form of the standard's draft and the bare one of everyday use.

    Raises idempotency-key-required, invalid-header.
    """
    key = (header(request.scope, b"idempotency-key") or "").strip()
    if not key:
        raise Problem("idempotency-key-required", pointer="/Idempotency-Key")
    quoted = _QUOTED.fullmatch(key)
    if quoted:
        key = re.sub(r"\\(.)", r"\1", quoted[1])
    if not _KEY.fullmatch(key):
        raise Problem(
            "invalid-header",
            pointer="/Idempotency-Key",
            detail=f"Must be 1 to {KEY_CHARACTERS_MAX} printable ASCII characters.",
        )
    return key


def _expected(header: str | None) -> int | None:
    if header is None:
        return None
    version = version_of(header)
    if version is None:
        raise Problem(
            "invalid-header", pointer="/If-Match", detail='Must be one ETag such as "v3".'
        )
    return version
