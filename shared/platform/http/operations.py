"""Routes for those who run a service: health, metrics, version, documents, the domain clock."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from msgspec import UNSET, UnsetType
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from shared.platform.codec import to_json
from shared.platform.database.pools import driver
from shared.platform.http.documents import asyncapi, event_schema
from shared.platform.http.models import Instant, RequestBody
from shared.platform.http.parts import Parts, parts_of
from shared.platform.http.problems import Problem
from shared.platform.http.queries import preferred_wait_s
from shared.platform.http.views import View, answers, said, shown
from shared.platform.manual_clock import ManualClock
from shared.platform.observability import metrics as meters
from shared.platform.observability.logs import version
from shared.platform.subscription.work_status import (
    Halted,
    Parked,
    read_halted,
    read_parked,
    want_retry,
)

CLOCK_WAIT_S_MAX: Final = 5.0  # seconds one question for the clock waits for settled work
READY_S_MAX: Final = 1.0  # how long the database has for an answer before we are not ready
MEASURE_S_MAX: Final = 2.0  # how long database and log are read for the metrics
STATUS_S_MAX: Final = 10.0  # how long the database and the log are asked
PARKED_SHOWN_MAX: Final = 100  # streams, in an answer about health or the clock

router = APIRouter(tags=["operations"])
plain = APIRouter(tags=["operations"])  # Routes that answer something else than JSON.


class VersionView(View, frozen=True, kw_only=True):
    """What runs here."""

    service: Annotated[str, said("Name of the service.", "books")]
    version: Annotated[str, said("Of Duebook.", "0.1.0")]


class HaltedView(View, frozen=True, kw_only=True):
    """A partition that stands still because of an event its worker cannot take."""

    worker: Annotated[str, said("Which worker.", "reactions")]
    topic: Annotated[str, said("Which topic.", "duebook.books.events.v1")]
    partition: Annotated[int, said("Which partition.", 3)]
    error: Annotated[str, said("What it could not take.", "VersionGap")]


class ParkedView(View, frozen=True, kw_only=True):
    """A stream that its worker passes over from an event on that it cannot take."""

    worker: Annotated[str, said("Which worker.", "reactions")]
    topic: Annotated[str, said("Which topic.", "duebook.books.events.v1")]
    partition: Annotated[int, said("Which partition.", 3)]
    stream_id: Annotated[UUID, said("Which stream.", "0b7b6b6e-3c7e-5d7a-9a53-0d3f4c1f2a10")]
    first_offset: Annotated[int, said("Where what waits of it begins.", 1207)]
    error: Annotated[str, said("What its worker could not take.", "ZeroDivisionError: by zero")]
    parked_at: Annotated[
        datetime, said("Since when, by the clock on the wall.", "2026-03-14T09:26:53Z")
    ]
    retry_wanted: Annotated[bool, said("Whether a retry was asked for and is to come.", False)]


class ParkedStreamsView(View, frozen=True, kw_only=True):
    """The streams that workers of this service pass over."""

    items: Annotated[list[ParkedView], said("By worker, in the order of the log.")]


class HealthView(View, frozen=True, kw_only=True):
    """Whether this process is well, and whether its service is."""

    status: Annotated[str, said("ok, halted, parked, starting, or not ready.", "ok")]
    missing: Annotated[str | UnsetType, said("What keeps it, in a line.", "it is draining")] = UNSET
    halted: Annotated[list[HaltedView] | UnsetType, said("What of the service stands still.")] = (
        UNSET
    )
    parked: Annotated[
        list[ParkedView] | UnsetType, said("Streams of the service that are passed over.")
    ] = UNSET


class ClockView(View, frozen=True, kw_only=True):
    """What time it is for the business; asked with GET, also what is left to do by then."""

    now: Annotated[datetime, said("What time it is for the business.", "2026-03-14T00:00:00Z")]
    manual: Annotated[bool, said("Whether it is moved by hand.", True)]
    settled: Annotated[bool | UnsetType, said("Whether nothing is left to do.", True)] = UNSET
    timers_due: Annotated[int | UnsetType, said("Not fired yet.", 0)] = UNSET
    next_timer_at: Annotated[
        datetime | UnsetType | None, said("The earliest timer.", "2026-04-01T00:00:00Z")
    ] = UNSET
    outbox: Annotated[int | UnsetType, said("Events not on the log yet.", 0)] = UNSET
    in_flight: Annotated[int | UnsetType, said("Commands not answered yet.", 0)] = UNSET
    lag: Annotated[int | UnsetType, said("Records not consumed yet.", 0)] = UNSET
    end_offsets: Annotated[
        dict[str, list[int]] | UnsetType,
        said("By topic, the end of each partition.", {"duebook.books.events.v1": [7, 12]}),
    ] = UNSET
    halted: Annotated[list[HaltedView] | UnsetType, said("What stands still.")] = UNSET
    parked: Annotated[list[ParkedView] | UnsetType, said("Streams that are passed over.")] = UNSET


async def _parts(request: Request) -> Parts:
    return parts_of(request)


Running = Annotated[Parts, Depends(_parts)]


def _json(value: object, status: int = 200) -> Response:
    return Response(to_json(value), status, media_type="application/json")


@router.get("/health/live", responses=answers(HealthView))
async def live() -> Response:
    """The event loop turns."""
    return shown(HealthView(status="ok"))


@router.get("/health/startup", responses=answers(HealthView, or_at=503))
async def startup(parts: Running) -> Response:
    """Everything this process keeps running has been started."""
    status = "ok" if parts.started else "starting"
    return shown(HealthView(status=status), status=200 if parts.started else 503)


@router.get("/health/ready", responses=answers(HealthView, or_at=503))
async def ready(parts: Running) -> Response:
    """Send requests here, or do not; then `missing` says why not, in one line.

    A partition that stands still or a stream that is passed over makes no process unready: others
    would not do better, and requests are answered. It is named all the same, until it is mended.
    """
    missing, halted, parked = await _state(parts)
    if missing is not None:
        return shown(HealthView(status="not ready", missing=missing), status=503)
    return shown(
        HealthView(
            status="halted" if halted else "parked" if parked else "ok",
            halted=_shown(halted) if halted else UNSET,
            parked=_shown_parked(parked) if parked else UNSET,
        )
    )


async def _state(parts: Parts) -> tuple[str | None, Sequence[Halted], Sequence[Parked]]:
    """What this process lacks, and what of the service stands still or is passed over.

    A log that is away keeps no API from being ready: commands need the database alone.
    """
    halted: Sequence[Halted] = ()
    parked: Sequence[Parked] = ()
    if not parts.started:
        return "it has not started yet", halted, parked
    if parts.draining.is_set():
        return "it is draining", halted, parked
    if parts.database is not None:
        try:
            async with asyncio.timeout(READY_S_MAX), parts.database.engine.connect() as connection:
                raw = await driver(connection)
                halted, parked = await read_halted(raw), await read_parked(raw)
        except Exception as problem:  # Whatever it is, nothing can be done here now.
            away = f"the database of {parts.service.name} does not answer: {type(problem).__name__}"
            return away, halted, parked
    if parts.works and parts.reporter is not None:
        return parts.reporter.missing(), halted, parked
    return None, halted, parked


@router.get("/parked", responses=answers(ParkedStreamsView, problems=["service-unavailable"]))
async def list_parked(parts: Running) -> Response:
    """The streams that workers of this service pass over, with the reason of each.

    Everything else goes on. What comes later in such a stream waits, and nothing of it is lost.
    """
    return _listed(await _parked(parts))


@router.get(
    "/parked/{stream_id}",
    responses=answers(ParkedStreamsView, problems=["service-unavailable"]),
)
async def find_parked(stream_id: UUID, parts: Running) -> Response:
    """Where a stream is parked: by which workers, and nowhere when none passes it over."""
    return _listed([one for one in await _parked(parts) if one.stream_id == stream_id])


@router.post(
    "/parked/{stream_id}:retry",
    responses=answers(ParkedStreamsView, problems=["service-unavailable"]),
)
async def retry_parked(stream_id: UUID, parts: Running) -> Response:
    """Asks the owner of its partition to react to the stream once more; that is done in a moment.

    Answers where the stream is parked: nowhere when it has left by then.
    """
    found: Sequence[Parked] = ()
    if parts.database is not None:
        async with parts.database.unbound() as connection:
            found = await want_retry(await driver(connection), stream_id)
    return _listed(found)


async def _parked(parts: Parts) -> Sequence[Parked]:
    if parts.database is None:
        return ()
    async with parts.database.unbound() as connection:
        return await read_parked(await driver(connection))


def _listed(parked: Sequence[Parked]) -> Response:
    return shown(ParkedStreamsView(items=[_parked_view(one) for one in parked]))


@router.get("/version", responses=answers(VersionView))
async def show_version(parts: Running) -> Response:
    return shown(VersionView(service=parts.service.name, version=version()))


@router.get("/asyncapi.json", responses=answers(dict[str, Any]))
async def show_topics(parts: Running) -> Response:
    """AsyncAPI of the topics this service writes."""
    return _json(asyncapi(parts.service))


@router.get("/schemas/{name}.json", responses=answers(dict[str, Any]))
async def show_schema(name: str, parts: Running) -> Response:
    """JSON Schema of an event, by its type."""
    kind = parts.service.own.get(name)
    if kind is None:
        raise Problem("not-found")
    return _json(event_schema(name, kind))


@plain.get("/metrics", operation_id="show_metrics", response_class=PlainTextResponse)
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


@router.get("/clock", responses=answers(ClockView, problems=["service-unavailable"]))
async def show_clock(request: Request, parts: Running) -> Response:
    """What time it is for the business, and whether everything due by then has been done.

    With `Prefer: wait=<s>` it answers as soon as this service is settled or halted.
    """
    return shown(await clock_reading(parts, min(preferred_wait_s(request) or 0, CLOCK_WAIT_S_MAX)))


@router.post(
    "/clock",
    responses=answers(
        ClockView, problems=["not-found", "clock-moves-backward", "service-unavailable"]
    ),
)
async def move_clock(body: MoveClock, parts: Running) -> Response:
    """Moves a manual clock forward, done when every process goes by it. A repetition is fine."""
    if not isinstance(parts.clock, ManualClock):
        raise Problem("not-found")
    await parts.clock.advance(body.now)
    if parts.reporter is not None:
        parts.reporter.wake()
    return shown(ClockView(now=await parts.clock.now(), manual=True))


async def clock_reading(parts: Parts, wait_s: float = 0) -> ClockView:
    """What `duebook clock advance` asks of every service until all are settled."""
    is_manual = parts.clock.is_manual
    if parts.reporter is None:
        return ClockView(now=await parts.clock.now(), manual=is_manual, settled=False)
    async with asyncio.timeout(wait_s + STATUS_S_MAX):
        status = await parts.reporter.settled(wait_s, parts.draining.is_set)
    return ClockView(
        now=status.now,
        manual=is_manual,
        settled=status.is_settled,
        timers_due=status.timers_due,
        next_timer_at=status.next_timer_at,
        outbox=status.outbox,
        in_flight=status.in_flight,
        lag=status.lag,
        end_offsets={topic: list(ends) for topic, ends in status.end_offsets.items()},
        halted=_shown(status.halted),
        parked=_shown_parked(status.parked),
    )


def _shown(halted: Sequence[Halted]) -> list[HaltedView]:
    return [
        HaltedView(worker=one.worker, topic=one.topic, partition=one.partition, error=one.error)
        for one in halted
    ]


def _shown_parked(parked: Sequence[Parked]) -> list[ParkedView]:
    return [_parked_view(one) for one in parked[:PARKED_SHOWN_MAX]]


def _parked_view(one: Parked) -> ParkedView:
    return ParkedView(**asdict(one))
