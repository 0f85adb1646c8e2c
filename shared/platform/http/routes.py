"""Routes that refuse what they cannot read before they read it, and undeclared query parameters.

The order is fixed: not-acceptable, body-too-large, unsupported-media-type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.platform.http.batches import batch_request
from shared.platform.http.bodies import header
from shared.platform.http.commands import command_request
from shared.platform.http.faults import pointer_of
from shared.platform.http.problems import Problem

BODY_BYTES_MAX: Final = 1_000_000  # of a request; the imports of a later stage have their own
NUL: Final = "\0"  # No text column of PostgreSQL takes it, so no text of ours holds it.
NO_NUL: Final = "Must not contain the NUL character."
_ANY: Final = frozenset(("*/*", "application/*", "application/json", "application/problem+json"))
SEGMENT: Final = "segment"  # What Starlette calls our kind of a part of a path.
_NAME: Final = re.compile(r"{(\w+)}")
_COMMAND_QUERY: Final = "dry_run"


class _Segment(StringConvertor):
    """A part of a path without a colon: after one stands what a command does."""

    regex = "[^/:]+"


register_url_convertor(SEGMENT, _Segment())


class JsonRoute(APIRoute):
    """A route that speaks JSON only."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.path_regex, self.path_format, self.param_convertors = compile_path(
            _NAME.sub(rf"{{\1:{SEGMENT}}}", self.path)
        )
        self.names = frozenset(query_names(self.dependant))
        self.app = _checked(self.app, self.names)


def add_routes(
    app: FastAPI,
    prefix: str,
    routers: Iterable[APIRouter],
    *,
    kind: type[APIRoute] = JsonRoute,
    bytes_max: int | None = BODY_BYTES_MAX,
) -> None:
    """Puts the routes of all routers on the app itself: one level is matched fastest.

    Of the `kind`, with bodies of `bytes_max` at most; None: they look at that themselves.
    """
    for router in routers:
        for route in router.routes:
            if not isinstance(route, APIRoute):
                raise TypeError(f"{type(route).__name__}: only plain routes are served")
            app.router.add_api_route(
                prefix + route.path,
                route.endpoint,
                response_model=None,
                status_code=route.status_code,
                tags=route.tags,
                dependencies=route.dependencies,
                summary=route.summary,
                description=route.description,
                response_description=route.response_description,
                responses=route.responses,
                deprecated=route.deprecated,
                methods=route.methods,
                operation_id=route.operation_id or route.name,
                include_in_schema=route.include_in_schema,
                name=route.name,
                response_class=route.response_class,
                openapi_extra=route.openapi_extra,
                route_class_override=kind,
                max_body_size=None if route.methods == {"GET"} else bytes_max,
            )


def is_given(dependant: Dependant, call: object) -> bool:
    """Whether the route or one of its dependencies is given what `call` makes."""
    return any(one.call is call or is_given(one, call) for one in dependant.dependencies)


def query_names(dependant: Dependant) -> set[str]:
    """The query parameters a route and its dependencies declare."""
    writes = dependant.call in (command_request, batch_request)
    names = {_COMMAND_QUERY} if writes else set()
    for field in dependant.query_params:
        kind = field.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names |= {one.alias or name for name, one in kind.model_fields.items()}
        else:
            names.add(field.alias)
    for dependency in dependant.dependencies:
        names |= query_names(dependency)
    return names


def _checked(app: ASGIApp, names: frozenset[str]) -> ASGIApp:
    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        check_head(scope, names)
        await app(scope, receive, send)

    return checked


def check_head(scope: Scope, names: frozenset[str]) -> None:
    """Refuses what can be refused before the body is read; `names` are of query parameters."""
    accept = header(scope, b"accept")
    if accept is not None and accept not in _ANY and not _accepts_json(accept):
        raise Problem("not-acceptable")
    length = header(scope, b"content-length")
    if length is not None and length.isdecimal() and int(length) > BODY_BYTES_MAX:
        raise Problem("body-too-large")
    has_body = length not in (None, "0") or header(scope, b"transfer-encoding") is not None
    if has_body and not _is_json(header(scope, b"content-type") or ""):
        raise Problem("unsupported-media-type")
    for name, value in scope["path_params"].items():
        if NUL in value:
            raise Problem("not-found", pointer=pointer_of([name]), detail=NO_NUL)
    if scope["query_string"]:
        _check_query(scope["query_string"], names)


def _accepts_json(accept: str) -> bool:
    for part in accept.split(","):
        kind, *parameters = (word.strip().lower() for word in part.split(";"))
        refused = any(word.replace(" ", "") in ("q=0", "q=0.0", "q=0.000") for word in parameters)
        if kind in _ANY and not refused:
            return True
    return False


def _is_json(content_type: str) -> bool:
    if content_type == "application/json":
        return True
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


def _check_query(query_string: bytes, names: frozenset[str]) -> None:
    for name, value in parse_qsl(query_string.decode("latin-1"), keep_blank_values=True):
        if name not in names:
            detail = "Is not a parameter of this route."
            raise Problem("invalid-query", pointer=pointer_of([name]), detail=detail)
        if NUL in value:
            raise Problem("invalid-query", pointer=pointer_of([name]), detail=NO_NUL)
