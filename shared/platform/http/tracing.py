"""Gives every request a name, a measure, safe headers, and an answer whatever happens."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.platform.clock import monotonic_s
from shared.platform.http.answers import REQUEST_ID, internal_error
from shared.platform.http.queries import AGE_S
from shared.platform.observability.logs import REQUEST_SECONDS, REQUESTS, new_trace_id
from shared.platform.observability.throttled_log import ThrottledLog

SLOW_S: Final = 2.0  # seconds after which a request is worth a line
SERIES_MAX: Final = 2000  # of requests whose series are remembered

_log = structlog.get_logger("duebook.http")
_throttled = ThrottledLog("duebook.http")  # The metrics count every one.
_SAFE: Final = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))


class Tracing:
    """Logs what nobody handled, and never shows it to the caller. Pure ASGI."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = new_trace_id()
        name = str(request_id)
        scope[REQUEST_ID] = request_id
        structlog.contextvars.bind_contextvars(request_id=name)
        started_s = monotonic_s()
        status = 0

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    *_SAFE,
                    *_age(scope),
                    (b"request-id", name.encode()),
                ]
            await send(message)

        try:
            await self._app(scope, receive, named)
        except Exception:  # The last line of defense: the caller gets a problem.
            _log.exception("request_crashed")
            if status == 0:
                await internal_error(request_id)(scope, receive, named)
        finally:
            self._measure(scope, status, monotonic_s() - started_s)

    def _measure(self, scope: Scope, status: int, took_s: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"]
        answered, seconds = series_of(self._service, method, route, status)
        answered.inc()
        seconds.observe(took_s)
        if took_s > SLOW_S or status >= 500:
            _throttled.warning(
                "request_answered",
                {"duration_ms": round(took_s * 1000)},
                method=method,
                route=route,
                status=status,
            )


@lru_cache(maxsize=SERIES_MAX)
def series_of(service: str, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """The two series a request counts in: to find them takes longer than to count."""
    seconds = REQUEST_SECONDS.labels(service, method, route)
    return REQUESTS.labels(service, method, route, status), seconds


def _age(scope: Scope) -> Sequence[tuple[bytes, bytes]]:
    """RFC 9111: seconds since the answer was known to be right. Rounded up, never flattered."""
    age_s: float | None = scope.get(AGE_S)
    return () if age_s is None else ((b"age", str(math.ceil(age_s)).encode()),)
