"""Logs as JSON lines with one shape for every library, and the metrics of a process.

No personal data, no secrets, no request bodies: what is logged is named by the caller.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
from collections.abc import Mapping, MutableMapping
from importlib import metadata
from typing import Any, Final
from uuid import UUID

import structlog
from prometheus_client import Counter, Gauge, Histogram

VERSION: Final = "0.1.0"
TRACE_IDS_DRAWN: Final = 256  # random ids at once
_drawn_ids: Final[list[UUID]] = []  # Of this process; a child that was forked forgets them.
if hasattr(os, "register_at_fork"):  # Where processes fork.
    os.register_at_fork(after_in_child=_drawn_ids.clear)
_REDACTED: Final = frozenset(("authorization", "cookie", "password", "secret", "url", "dsn"))
_LATENCY_BUCKETS_S: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS: Final = Counter(
    "duebook_http_requests_total", "Requests answered.", ("service", "method", "route", "status")
)
REQUEST_SECONDS: Final = Histogram(
    "duebook_http_request_duration_seconds",
    "From the first byte read to the last byte sent.",
    ("service", "method", "route"),
    buckets=_LATENCY_BUCKETS_S,
)
COMMANDS: Final = Counter(
    "duebook_commands_total", "Commands by what became of them.", ("service", "outcome")
)
BUILD: Final = Gauge("duebook_build_info", "Always 1; the labels say what runs.", ("version",))


def version() -> str:
    """Tells the version of the installed distribution, else that of the source."""
    try:
        return metadata.version("duebook")
    except metadata.PackageNotFoundError:
        return VERSION


def new_trace_id() -> UUID:
    """Names a request in logs and as correlation id. Never the id of a business thing."""
    try:
        return _drawn_ids.pop()
    except IndexError:  # The system is asked once for many: a question costs more than an id.
        drawn = secrets.token_bytes(16 * TRACE_IDS_DRAWN)
        ids = [UUID(bytes=drawn[at : at + 16], version=4) for at in range(0, len(drawn), 16)]
        _drawn_ids.extend(ids[1:])
        return ids[0]


def configure_logs(level: str = "info", *, stream: Any = None) -> None:
    """One pipeline: what structlog and the standard library log comes out as JSON lines."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
        _redact,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.processors.format_exc_info],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for noisy in ("uvicorn", "uvicorn.error", "uvicorn.access", "alembic", "asyncio", "aiokafka"):
        logger = logging.getLogger(noisy)
        logger.handlers, logger.propagate = [], True
        logger.setLevel(max(logging.WARNING, root.level))
    BUILD.labels(version()).set(1)


def _redact(logger: object, method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    for name in event:
        if name.lower() in _REDACTED:
            event[name] = "…"
    return event
