"""Gives a route that reads a snapshot of read models that have seen what the caller did.

Never an answer older than the token it came with: it waits, or says that it is behind.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request

from shared.kernel.days import day_at
from shared.platform.clock import monotonic_s
from shared.platform.http.models import Day, Instant
from shared.platform.http.parts import Parts, parts_of
from shared.platform.http.problems import Problem
from shared.platform.http.tokens import TOKENS_MAX, Token, TokenMalformed

T = TypeVar("T")

WAIT_S_DEFAULT: Final = 2.0  # seconds a query with a token waits for the projections
WAIT_S_MAX: Final = 30.0  # seconds; a longer one is cut
AGE_S: Final = "duebook.age_s"  # key in the ASGI scope
LOOK_AGAIN_S: Final = 0.1  # seconds between two looks of a long poll

_WAIT: Final = re.compile(r"(?:^|[,;])\s*wait\s*=\s*\"?([0-9]{1,6})\"?\s*(?:[,;]|$)")


class QueryRequest:
    """One request that reads. Its clock is read once."""

    __slots__ = ("_parts", "_scope", "_tokens", "now", "prefer_wait_s", "tenant_id")

    def __init__(self, request: Request, parts: Parts, now: datetime) -> None:
        self._parts = parts
        self._scope = request.scope
        self.tenant_id = parts.tenant_id
        self.now = now
        self.prefer_wait_s = preferred_wait_s(request)  # None: the caller said nothing.
        self._tokens = _tokens(request)

    def today(self, zone: str) -> date:
        """The day it is for the business in the zone."""
        return day_at(self.now, zone)

    @asynccontextmanager
    async def of(self, *projections: str) -> AsyncIterator[AsyncConnection]:
        """Opens a read-only snapshot of the tenant, of projections that have passed the token.

        Raises token-not-tracked, projection-behind.
        """
        await self._wait_for(projections)
        if self._parts.ages is not None:
            self._scope[AGE_S] = await self._parts.ages.of(projections)
        database = self._parts.database
        if database is None:
            raise Problem("service-unavailable")
        async with database.bound([self.tenant_id], snapshot=True) as connection:
            yield connection

    async def poll(
        self,
        look: Callable[[AsyncConnection], Awaitable[T]],
        *projections: str,
        found: Callable[[T], object],
    ) -> T:
        """Polls: looks at new snapshots until `found`, or until `Prefer: wait` is over."""
        until = monotonic_s() + (self.prefer_wait_s or 0.0)
        while True:  # Until the deadline, or until the server drains.
            async with self.of(*projections) as connection:
                looked = await look(connection)
            left = until - monotonic_s()
            if found(looked) or left <= 0 or self._parts.draining.is_set():
                return looked
            await asyncio.sleep(min(LOOK_AGAIN_S, left))

    async def caught_up(self, projection: str, versions: Mapping[UUID, int]) -> None:
        """Waits until it has seen these versions of our own streams. Raises projection-behind."""
        token = Token(self._parts.service.name, versions)
        timeout_s = WAIT_S_DEFAULT if self.prefer_wait_s is None else self.prefer_wait_s
        await self._wait_processed(projection, token, timeout_s)

    async def _wait_for(self, projections: tuple[str, ...]) -> None:
        if not self._tokens:
            return
        subscribes_to = {one.name: one.subscribes_to for one in self._parts.service.projections}
        deadline = monotonic_s() + (
            WAIT_S_DEFAULT if self.prefer_wait_s is None else self.prefer_wait_s
        )
        for token in self._tokens:
            trackers = [name for name in projections if token.service in subscribes_to[name]]
            if not trackers:
                raise Problem("token-not-tracked", pointer="/Consistency-Token")
            for name in trackers:
                await self._wait_processed(name, token, max(0.0, deadline - monotonic_s()))

    async def _wait_processed(self, projection: str, token: Token, timeout_s: float) -> None:
        waiter = self._parts.waiter
        if waiter is None or not await waiter.wait_processed(projection, token.versions, timeout_s):
            raise Problem("projection-behind")


async def query_request(request: Request) -> QueryRequest:
    parts = parts_of(request)
    return QueryRequest(request, parts, await parts.clock.now())


QueryContext = Annotated[QueryRequest, Depends(query_request)]
"""Annotate a route's parameter with it: `async def show(id: UUID, query: QueryContext)`."""


@dataclass(frozen=True, slots=True)
class PointInTime:
    """The two questions of time: as of which day, and as known when. None: now."""

    as_of: date | None
    as_known: datetime | None


async def _moment(
    as_of: Annotated[Day | None, Query(description="The close of this day.")] = None,
    as_known: Annotated[Instant | None, Query(description="What was known then.")] = None,
) -> PointInTime:
    return PointInTime(as_of, as_known)


Moment = Annotated[PointInTime, Depends(_moment)]


def preferred_wait_s(request: Request) -> float | None:
    """Seconds of `Prefer: wait=<s>`; what else is preferred is ignored, as RFC 7240 wants."""
    found = _WAIT.search(",".join(request.headers.getlist("prefer")))
    return min(float(found[1]), WAIT_S_MAX) if found else None


def _tokens(request: Request) -> tuple[Token, ...]:
    texts = [
        text.strip()
        for header in request.headers.getlist("consistency-token")
        for text in header.split(",")
    ]
    refusal = Problem(
        "invalid-header",
        pointer="/Consistency-Token",
        detail="Must be a token as it was answered.",
    )
    if len(texts) > TOKENS_MAX:
        raise refusal
    try:
        return tuple(Token.decode(text) for text in texts)
    except TokenMalformed:
        raise refusal from None
