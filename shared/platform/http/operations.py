"""Routes for those who run a service: health, metrics, version, and the domain clock."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from shared.platform.codec import to_json
from shared.platform.http.models import Instant, RequestBody
from shared.platform.http.parts import Parts, parts_of
from shared.platform.http.problems import Problem
from shared.platform.manual_clock import ManualClock
from shared.platform.telemetry import version

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
    """Send requests here, or do not."""
    if not parts.started:
        return _json({"status": "starting"}, 503)
    if parts.draining.is_set():
        return _json({"status": "draining"}, 503)
    return _json({"status": "ok"})


@router.get("/version")
async def show_version(parts: Running) -> Response:
    return _json({"service": parts.service.name, "version": version()})


@plain.get("/metrics")
async def metrics() -> Response:
    """Prometheus text; of the whole process."""
    return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})


class MoveClock(RequestBody):
    now: Instant


@router.get("/clock")
async def show_clock(parts: Running) -> Response:
    """What time it is for the business, and whether everything due by then has been done."""
    return _json(await clock_reading(parts))


@router.post("/clock")
async def move_clock(body: MoveClock, parts: Running) -> Response:
    """Moves a manual clock forward. Telling it again where it stands is fine."""
    if not isinstance(parts.clock, ManualClock):
        raise Problem("not-found")
    await parts.clock.advance(body.now)
    return _json(await clock_reading(parts))


async def clock_reading(parts: Parts) -> dict[str, object]:
    reading: dict[str, object] = {
        "now": await parts.clock.now(),
        "manual": parts.clock.is_manual,
    }
    if parts.reporter is None:
        return reading | {"settled": False}
    async with asyncio.timeout(10):
        work = await parts.reporter.status()
    in_flight = work.in_flight + parts.writer.in_flight
    still = (work.timers_due, work.outbox, in_flight, work.lag)
    return reading | {
        "settled": not any(still) and not work.halted,
        "timers_due": work.timers_due,
        "next_timer_at": work.next_timer_at,
        "outbox": work.outbox,
        "in_flight": in_flight,
        "lag": work.lag,
        "end_offsets": work.end_offsets,
        "halted": work.halted,
    }
