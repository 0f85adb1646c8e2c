"""Makes the OpenAPI document of a service: FastAPI's, with what FastAPI cannot know.

That is the views a route answers with, every problem it can answer and at which status, and the
headers that commands and queries read by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from shared.platform.http.answers import MEDIA_TYPE, ProblemView
from shared.platform.http.batches import batch_request
from shared.platform.http.commands import KEY_CHARACTERS_MAX, command_request
from shared.platform.http.lines import KEY_TEXT
from shared.platform.http.paging import page_request
from shared.platform.http.problems import STATUS, slug_of
from shared.platform.http.queries import query_request
from shared.platform.http.routes import JsonRoute, is_given
from shared.platform.http.views import JSON, REF, Answer, Refusals, schemas_of
from shared.platform.service import Service

Schema = dict[str, Any]

WITHOUT_NUL: Final = "^[^\\u0000]*$"
_OF_JSON: Final = (
    "invalid-query",
    "not-acceptable",
    "body-too-large",
    "unsupported-media-type",
)
_OF_BODY: Final = (
    "malformed-json",
    "unknown-field",
    "missing-field",
    "invalid-value",
    "character-not-allowed",
)
_OF_MONEY: Final = ("amount-not-positive", "amount-scale", "unknown-currency")
_GIVEN: Final[Mapping[object, Sequence[str]]] = {
    command_request: (
        *("idempotency-key-required", "idempotency-key-in-flight", "idempotency-key-reused"),
        *("invalid-header", "malformed-json", "unknown-field", "invalid-value"),
        *("stale-version", "concurrent-change", "service-unavailable", "outcome-unknown"),
    ),
    query_request: (
        *("invalid-header", "token-not-tracked", "projection-behind", "service-unavailable"),
    ),
    page_request: ("invalid-cursor",),
}
KEY_PARAMETER: Final[Schema] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "The same key and input is done once and answered alike. Not for a dry run.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": KEY_CHARACTERS_MAX,
        "pattern": KEY_TEXT,
    },
}
DRY_RUN_PARAMETER: Final[Schema] = {
    "name": "dry_run",
    "in": "query",
    "required": False,
    "description": "Answer what would be answered, and store nothing.",
    "schema": {"type": "boolean", "default": False},
}
_PARAMETERS: Final[Mapping[object, Sequence[Schema]]] = {
    command_request: (
        KEY_PARAMETER,
        {
            "name": "If-Match",
            "in": "header",
            "required": False,
            "description": "The ETag that the command rests on.",
            "schema": {"type": "string", "pattern": '^"v[0-9]{1,9}"$', "examples": ['"v3"']},
        },
        DRY_RUN_PARAMETER,
    ),
    batch_request: (DRY_RUN_PARAMETER,),
    query_request: (
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
    ),
}
_AGE: Final[Schema] = {
    "Age": {
        "description": "Seconds since the answer was known to have seen every event on the log.",
        "schema": {"type": "integer", "minimum": 0},
    }
}


def document_of(app: FastAPI, service: Service) -> Schema:
    """The document of all routes of the app that are shown. Made once, then kept by the app."""
    if app.openapi_schema is None:
        routes = [one for one in app.routes if isinstance(one, APIRoute) and one.include_in_schema]
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        views = [a.view for one in routes for a in one.responses.values() if isinstance(a, Answer)]
        shapes, components = schemas_of([ProblemView, *views])
        document.setdefault("components", {}).setdefault("schemas", {}).update(components)
        for route in routes:
            for method in route.methods or ():
                operation = document["paths"][route.path_format][method.lower()]
                _describe(operation, route, shapes, service)
        app.openapi_schema = document
    return app.openapi_schema


def _describe(
    operation: Schema, route: APIRoute, shapes: Mapping[Any, Schema], service: Service
) -> None:
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _text_as_sent(parameter["schema"])
    for call, parameters in _PARAMETERS.items():
        if is_given(route.dependant, call):
            operation.setdefault("parameters", []).extend(parameters)
    responses = {s: said for s, said in operation["responses"].items() if s.startswith("2")}
    for status, answer in route.responses.items():
        if isinstance(answer, Answer):
            responses[str(status)] = {
                "description": answer["description"],
                "content": {JSON: {"schema": shapes[answer.view]}},
            }
    if is_given(route.dependant, command_request) and "201" in responses:
        responses["200"] = {**responses["201"], "description": "What a dry run would have done."}
    if is_given(route.dependant, query_request) and route.methods == {"GET"}:
        responses["200"]["headers"] = _AGE
    for status, slugs in sorted(_problems_of(route, service).items()):
        found = responses.setdefault(status, {"description": f"Refused: {', '.join(slugs)}."})
        found.setdefault("content", {})[MEDIA_TYPE] = {
            "schema": {
                "$ref": REF.format(name=ProblemView.__name__),
                "properties": {"code": {"enum": slugs}},
            }
        }
    operation["responses"] = dict(sorted(responses.items()))


def _text_as_sent(schema: Schema) -> Schema:
    """What a parameter's text may be: nobody can send null, and no text takes a NUL."""
    choices = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(choices) == 1:
        rest = {name: value for name, value in schema.items() if name != "anyOf"}
        schema = {**choices[0], **rest}
    if schema.get("type") == "array":
        return {**schema, "items": _text_as_sent(schema["items"])}
    if schema.get("type") == "string" and not {"enum", "format", "pattern"} & set(schema):
        return {**schema, "pattern": WITHOUT_NUL}
    return schema


def _problems_of(route: APIRoute, service: Service) -> Mapping[str, Sequence[str]]:
    """Which problems the route can answer, by status."""
    found: dict[str, set[str]] = {}
    for slug in _of_platform(route):
        found.setdefault(str(STATUS[slug]), set()).add(slug)
    for answer in route.responses.values():
        for kind in answer.rejections if isinstance(answer, Refusals) else ():
            status = next(service.problems[one] for one in kind.__mro__ if one in service.problems)
            found.setdefault(str(status), set()).add(slug_of(kind.__name__))
    return {status: sorted(slugs) for status, slugs in found.items()}


def _of_platform(route: APIRoute) -> Iterator[str]:
    """The problems that follow from what the route is given, and those it names itself."""
    if isinstance(route, JsonRoute):
        yield from _OF_JSON
    if route.dependant.path_params:
        yield "not-found"
    if route.body_field is not None:
        yield from _OF_BODY
        if is_given(route.dependant, command_request):
            yield from _OF_MONEY
    for call, slugs in _GIVEN.items():
        if is_given(route.dependant, call):
            yield from slugs
    for answer in route.responses.values():
        if isinstance(answer, Refusals):
            yield from answer.problems
