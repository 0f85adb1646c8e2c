"""Routes for those who run a service: health, metrics, version, documents, the domain clock."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from shared.platform.codec import to_json
from shared.platform.database.pools import driver
from shared.platform.http.documents import asyncapi, event_schema
from shared.platform.http.models import Instant, RequestBody
from shared.platform.http.parts import Parts, parts_of
from shared.platform.http.problems import Problem
from shared.platform.http.queries import preferred_wait_s
from shared.platform.manual_clock import ManualClock
from shared.platform.observability import metrics as meters
from shared.platform.observability.logs import version

CLOCK_WAIT_S_MAX: Final = 5.0  # seconds one question for the clock waits for settled work
READY_S_MAX: Final = 1.0  # how long the database has for an answer before we are not ready
MEASURE_S_MAX: Final = 2.0  # how long database and log are read for the metrics
STATUS_S_MAX: Final = 10.0  # how long the database and the log are asked

router = APIRouter(tags=["operations"])
plain = APIRouter(tags=["operations"])  # Routes that answer something else than JSON.


async def _parts(request: Request) -> Parts:
    return parts_of(request)


Running = Annotated[Parts, Depends(_parts)]


def _json(value: object, status: int = 200) -> Response:
    return Response(to_json(value), status, media_type="application/json")


@router.get("/health/live")
async def live() -> Response:
    """The event loop turns."""
    return _json({"status": "ok"})


@router.get("/health/startup")
async def startup(parts: Running) -> Response:
    """Everything this process keeps running has been started."""
    return _json({"status": "ok" if parts.started else "starting"}, 200 if parts.started else 503)


@router.get("/health/ready")
async def ready(parts: Running) -> Response:
    """Send requests here, or do not; then `missing` says why not, in one line."""
    missing = await _missing(parts)
    if missing is not None:
        return _json({"status": "not ready", "missing": missing}, 503)
    return _json({"status": "ok"})


async def _missing(parts: Parts) -> str | None:
    """A log that is away keeps no API from being ready: commands need the database alone."""
    if not parts.started:
        return "it has not started yet"
    if parts.draining.is_set():
        return "it is draining"
    if parts.database is not None:
        try:
            async with asyncio.timeout(READY_S_MAX), parts.database.engine.connect() as connection:
                await (await driver(connection)).execute("SELECT 1")
        except Exception as problem:  # Whatever it is, nothing can be done here now.
            return f"the database of {parts.service.name} does not answer: {type(problem).__name__}"
    if parts.works and parts.reporter is not None:
        return parts.reporter.missing()
    return None


@router.get("/version")
async def show_version(parts: Running) -> Response:
    return _json({"service": parts.service.name, "version": version()})


@router.get("/asyncapi.json")
async def show_topics(parts: Running) -> Response:
    """AsyncAPI of the topics this service writes."""
    return _json(asyncapi(parts.service))


@router.get("/schemas/{name}.json")
async def show_schema(name: str, parts: Running) -> Response:
    """JSON Schema of an event, by its type."""
    kind = parts.service.own.get(name)
    if kind is None:
        raise Problem("not-found")
    return _json(event_schema(name, kind))


@plain.get("/metrics")
async def metrics(parts: Running) -> Response:
    """Prometheus text; of the whole process, and of its service what database and log tell."""
    if parts.reporter is not None:
        try:
            async with asyncio.timeout(MEASURE_S_MAX):
                await parts.reporter.measure()
        except Exception as problem:  # What is counted in the process is told all the same.
            meters.UNMEASURED.labels(parts.service.name, type(problem).__name__).inc()
    return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})


class MoveClock(RequestBody):
    now: Instant


@router.get("/clock")
async def show_clock(request: Request, parts: Running) -> Response:
    """What time it is for the business, and whether everything due by then has been done.

    With `Prefer: wait=<s>` it answers as soon as this service is settled or halted.
    """
    return _json(await clock_reading(parts, min(preferred_wait_s(request) or 0, CLOCK_WAIT_S_MAX)))


@router.post("/clock")
async def move_clock(body: MoveClock, parts: Running) -> Response:
    """Moves a manual clock forward, done when every process goes by it. A repetition is fine."""
    if not isinstance(parts.clock, ManualClock):
        raise Problem("not-found")
    await parts.clock.advance(body.now)
    if parts.reporter is not None:
        parts.reporter.wake()
    return _json({"now": await parts.clock.now(), "manual": True})


async def clock_reading(parts: Parts, wait_s: float = 0) -> dict[str, object]:
    """What `duebook clock advance` asks of every service until all are settled."""
    is_manual = parts.clock.is_manual
    if parts.reporter is None:
        return {"now": await parts.clock.now(), "manual": is_manual, "settled": False}
    async with asyncio.timeout(wait_s + STATUS_S_MAX):
        status = await parts.reporter.settled(wait_s, parts.draining.is_set)
    return {
        "now": status.now,
        "manual": is_manual,
        "settled": status.is_settled,
        "timers_due": status.timers_due,
        "next_timer_at": status.next_timer_at,
        "outbox": status.outbox,
        "in_flight": status.in_flight,
        "lag": status.lag,
        "end_offsets": status.end_offsets,
        "halted": status.halted,
    }
