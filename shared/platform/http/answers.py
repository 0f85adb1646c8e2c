"""Exceptions become problem documents here, and nowhere else; no route catches a rejection."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Final
from uuid import UUID

import asyncpg
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from msgspec import UNSET, UnsetType
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared.kernel.decider import (
    KeyReused,
    NotWritten,
    OutcomeUnknown,
    Overloaded,
    Rejected,
    StaleVersion,
    TooMuchAtOnce,
    UnknownStream,
)
from shared.platform.codec import to_json
from shared.platform.database.connections import driver_problem, is_transient
from shared.platform.http.faults import problem_of
from shared.platform.http.parts import parts_of
from shared.platform.http.problems import (
    RETRY,
    RETRY_AFTER_S,
    Fault,
    Problem,
    slug_of,
    title_of,
)
from shared.platform.http.views import View, said
from shared.platform.log.port import LogUnavailable
from shared.platform.manual_clock import ClockMovesBackward
from shared.platform.observability.logs import COMMANDS
from shared.platform.observability.throttled_log import ThrottledLog
from shared.platform.store.port import Conflict

MEDIA_TYPE: Final = "application/problem+json"
REQUEST_ID: Final = "duebook.request_id"  # key in the ASGI scope
REJECTION_STATUS_DEFAULT: Final = 409  # of a rejection the service forgot in its table

_log = structlog.get_logger("duebook.http")
_throttled = ThrottledLog("duebook.http")  # Of what is away; each request is counted.


class FaultView(View, frozen=True, kw_only=True):
    """One thing wrong with a request."""

    pointer: Annotated[
        str, said("Where: a JSON pointer into the body, or a parameter's name.", "/total/amount")
    ]
    code: Annotated[str, said("What kind of fault.", "amount-scale")]
    detail: Annotated[str, said("For people.", "Has more decimals than the currency.")]


class ProblemView(View, frozen=True, kw_only=True):
    """A problem (RFC 9457): why something was not done, and never what was sent."""

    type: Annotated[str, said("What kind of problem.", "/problems/amount-scale")]
    title: Annotated[str, said("The same for people.", "Amount scale")]
    status: Annotated[int, said("The HTTP status.", 422)]
    code: Annotated[str, said("The last part of the type.", "amount-scale")]
    detail: Annotated[str, said("The first fault's.", "Has more decimals than the currency.")]
    errors: Annotated[list[FaultView], said("All faults found.")]
    instance: Annotated[
        str | UnsetType,
        said(
            "The request's id, as our log has it.", "urn:uuid:7f020000-0000-4000-8000-000000000001"
        ),
    ] = UNSET


_PLATFORM: Final[Mapping[type[Exception], str]] = {
    StaleVersion: "stale-version",
    UnknownStream: "not-found",
    KeyReused: "idempotency-key-reused",
    TooMuchAtOnce: "invalid-value",
    Overloaded: "service-unavailable",
    NotWritten: "service-unavailable",
    OutcomeUnknown: "outcome-unknown",
    Conflict: "concurrent-change",
    ClockMovesBackward: "clock-moves-backward",
    LogUnavailable: "service-unavailable",
    OSError: "service-unavailable",
    asyncio.TimeoutError: "service-unavailable",
}
# What a database that is away comes as; which of it is a bug of ours, `is_transient` says.
_OF_DATABASE: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    SQLAlchemyError,
)
_OF_STATUS: Final = {
    400: "malformed-json",
    404: "not-found",
    405: "method-not-allowed",
    413: "body-too-large",
}


def install(app: FastAPI) -> None:
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Rejected, _rejected)
    for kind in _OF_DATABASE:
        app.add_exception_handler(kind, _database)
    for one in _PLATFORM:
        app.add_exception_handler(one, _platform)


def document(
    code: str,
    status: int,
    request_id: UUID | None,
    faults: tuple[Fault, ...],
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer with a problem document."""
    body = ProblemView(
        type=f"/problems/{code}",
        title=title_of(code),
        status=status,
        code=code,
        detail=faults[0].detail,
        errors=[FaultView(**fault._asdict()) for fault in faults],
        instance=UNSET if request_id is None else f"urn:uuid:{request_id}",
    )
    sent = dict(headers or {})
    if code in RETRY:
        sent["retry-after"] = str(RETRY_AFTER_S)
    return Response(to_json(body), status, sent, MEDIA_TYPE)


def internal_error(request_id: UUID | None) -> Response:
    return of_problem(Problem("internal-error"), request_id)


def of_problem(problem: Problem, request_id: UUID | None) -> Response:
    return document(problem.code, problem.status, request_id, problem.faults, problem.headers)


def _id(request: Request) -> UUID | None:
    found: UUID | None = request.scope.get(REQUEST_ID)
    return found


async def _problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    return of_problem(problem, _id(request))


async def _invalid(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, RequestValidationError)
    return of_problem(problem_of(problem.errors()), _id(request))


async def _refused(request: Request, problem: Exception) -> Response:
    """Answers what Starlette and FastAPI refuse themselves: path, method, size, unreadable body."""
    assert isinstance(problem, HTTPException)
    code = _OF_STATUS.get(problem.status_code, "internal-error")
    headers = problem.headers
    if code == "method-not-allowed":
        headers = {**(headers or {}), "Allow": _methods(request, (headers or {}).get("Allow", ""))}
    return of_problem(Problem(code, headers=headers), _id(request))


def _methods(request: Request, known: str) -> str:
    """What the path takes: a route knows its own methods only, and a path may have several."""
    found = {method.strip() for method in known.split(",")}
    path = getattr(request.scope.get("route"), "path", None)
    for route in request.app.routes:
        if path is not None and getattr(route, "path", None) == path:
            found |= set(getattr(route, "methods", None) or ())
    return ", ".join(sorted(found))


async def _rejected(request: Request, rejection: Exception) -> Response:
    assert isinstance(rejection, Rejected)
    parts = parts_of(request)
    kind = type(rejection)
    table = parts.service.problems
    status = next((table[one] for one in kind.__mro__ if one in table), None)
    if status is None:
        _log.warning("rejection_without_status", rejection=kind.__name__)
        status = REJECTION_STATUS_DEFAULT
    code = slug_of(kind.__name__)
    _log.info("command_rejected", rejection=code, field=rejection.field)
    COMMANDS.labels(parts.service.name, "rejected").inc()
    return document(code, status, _id(request), (Fault(rejection.field, code, title_of(code)),))


async def _platform(request: Request, problem: Exception) -> Response:
    code = next(_PLATFORM[kind] for kind in type(problem).__mro__ if kind in _PLATFORM)
    if code in RETRY:
        _throttled.warning("request_failed", problem=code, reason=type(problem).__name__)
    return of_problem(Problem(code), _id(request))


async def _database(request: Request, problem: Exception) -> Response:
    """Answers for a database that did not; what is not about the connection is a bug of ours."""
    if not is_transient(problem):
        raise problem
    reason = type(driver_problem(problem)).__name__
    _throttled.warning("database_unavailable", reason=reason)
    return of_problem(Problem("service-unavailable"), _id(request))
