"""Makes the app of one service: its routes under /v1, those for operations beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from shared.kernel.decider import Rejected
from shared.platform.http import answers, operations
from shared.platform.http.commands import command_request
from shared.platform.http.parts import Parts
from shared.platform.http.problems import slug_of
from shared.platform.http.queries import query_request
from shared.platform.http.routes import add_routes, is_given
from shared.platform.http.tracing import Tracing
from shared.platform.http.views import Answer, Refusals, schemas_of
from shared.platform.observability.logs import version

PREFIX: Final = "/v1"

_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type", "title", "status", "code", "errors"],
    "properties": {
        "type": {"type": "string", "examples": ["/problems/not-found"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string", "description": "The slug of the type."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
_COMMAND_PARAMETERS: Final[list[dict[str, Any]]] = [
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "The same key and input is done once and answered alike. Not for a dry run.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    },
    {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "The ETag that the command rests on.",
        "schema": {"type": "string", "pattern": '^"v[0-9]+"$'},
    },
    {
        "name": "dry_run",
        "in": "query",
        "required": False,
        "description": "Answer what would be answered, and store nothing.",
        "schema": {"type": "boolean", "default": False},
    },
]
_QUERY_PARAMETERS: Final[list[dict[str, Any]]] = [
    {
        "name": "Consistency-Token",
        "in": "header",
        "required": False,
        "description": "Of an answered command: the answer will have seen what it did.",
        "schema": {"type": "string"},
    },
    {
        "name": "Prefer",
        "in": "header",
        "required": False,
        "description": "How many seconds to wait at most, for a token or for news.",
        "schema": {"type": "string", "examples": ["wait=5"]},
    },
]
_AGE: Final[dict[str, Any]] = {
    "Age": {
        "description": "Seconds since the answer was known to have seen every event on the log.",
        "schema": {"type": "integer", "minimum": 0},
    }
}
_PARAMETERS: Final[Mapping[object, list[dict[str, Any]]]] = {
    command_request: _COMMAND_PARAMETERS,
    query_request: _QUERY_PARAMETERS,
}


def create_app(parts: Parts, *, api: bool = True) -> FastAPI:
    """Makes the app, without lifespan: whoever makes the parts starts and stops them.

    Without `api` only the routes for operations are there.
    """
    app = FastAPI(
        title=f"Duebook {parts.service.name}",
        version=version(),
        redirect_slashes=False,
        redoc_url=None,
        separate_input_output_schemas=False,
        responses={"default": _problem_response()},
    )
    app.state.parts = parts
    if api:
        add_routes(app, PREFIX, parts.service.routers)
    add_routes(app, "", [operations.router])
    app.include_router(operations.plain)
    answers.install(app)
    app.add_middleware(Tracing, service=parts.service.name)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign] # FastAPI's documented hook
    return app


def _problem_response() -> dict[str, Any]:
    return {
        "description": "A problem (RFC 9457).",
        "content": {answers.MEDIA_TYPE: {"schema": _PROBLEM}},
    }


def _openapi(app: FastAPI) -> dict[str, Any]:
    """Adds to FastAPI's document the headers that commands and queries read themselves."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
    _describe(app, schema)
    for route in app.routes:
        if not isinstance(route, APIRoute) or not route.include_in_schema:
            continue
        for call, parameters in _PARAMETERS.items():
            if not is_given(route.dependant, call):
                continue
            for method in route.methods or ():
                operation = schema["paths"][route.path_format][method.lower()]
                operation.setdefault("parameters", []).extend(parameters)
                if call is query_request and method == "GET":
                    operation["responses"]["200"]["headers"] = _AGE
    app.openapi_schema = schema
    return schema


def _describe(app: FastAPI, document: dict[str, Any]) -> None:
    """The views of the routes, and which problem each can answer at which status."""
    service = app.state.parts.service
    routes = [r for r in app.routes if isinstance(r, APIRoute) and r.include_in_schema]
    views = [a.view for r in routes for a in r.responses.values() if isinstance(a, Answer)]
    found, components = schemas_of(views)
    document.setdefault("components", {}).setdefault("schemas", {}).update(components)
    for route in routes:
        for method in route.methods or ():
            responses = document["paths"][route.path_format][method.lower()]["responses"]
            for status, answer in route.responses.items():
                if isinstance(answer, Answer):
                    content = {"application/json": {"schema": found[answer.view]}}
                    responses[str(status)]["content"] = content
                elif isinstance(answer, Refusals):
                    del responses[str(status)]
                    responses.update(_refused(answer, service.problems))


def _refused(
    refusals: Refusals, statuses: Mapping[type[Rejected], int]
) -> dict[str, dict[str, Any]]:
    """One response for each status, with the codes it can have."""
    slugs: dict[str, list[str]] = {}
    for kind in refusals.rejections:
        status = next(statuses[one] for one in kind.__mro__ if one in statuses)
        slugs.setdefault(str(status), []).append(slug_of(kind.__name__))
    return {
        status: {
            "description": "The rule that was broken: " + ", ".join(sorted(set(codes))) + ".",
            "content": {answers.MEDIA_TYPE: {"schema": _PROBLEM}},
        }
        for status, codes in sorted(slugs.items())
    }
