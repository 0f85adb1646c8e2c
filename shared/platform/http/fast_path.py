"""Serves requests that write on a short path: found by one look-up, read once, checked once.

Routes stay declared as FastAPI knows them, and are answered alike. One that asks for what is not
known here (query parameters, a dependency with parameters of its own) is left to FastAPI.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, cast

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from starlette._utils import get_route_path
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.platform.http.bodies import NO_BODY, ReadRequest, decoded, read_body
from shared.platform.http.commands import command_request
from shared.platform.http.faults import problem_of
from shared.platform.http.lines import CREATE
from shared.platform.http.problems import Problem
from shared.platform.http.routes import BODY_BYTES_MAX, JsonRoute, check_head, is_given

# What makes a parameter FastAPI's affair. A body and the path are not among them.
_OF_FASTAPI: Final = (
    "query_params",
    "header_params",
    "cookie_params",
    "http_connection_param_name",
    "websocket_param_name",
    "response_param_name",
    "background_tasks_param_name",
    "security_scopes_param_name",
    "concurrency",
)
_COMMAND: Final = re.compile(r"/v1/(?P<resource>[a-z-]+)(?:/{\w+}:(?P<verb>[a-z-]+))?")

Handler = Callable[[Request, Exception], Awaitable[Response]]
Shape = tuple[str, int, str]  # The method, how deep the path is, and the verb after its colon.


class FastPath:
    """Knows the routes of an app that write, by the shape of their paths.

    Each is put `inside` the one layer it keeps.
    """

    def __init__(self, app: FastAPI, inside: Callable[[ASGIApp], ASGIApp]) -> None:
        self._routes: dict[Shape, list[tuple[JsonRoute, ASGIApp | None]]] = {}
        self._endpoints: dict[tuple[str, str], Endpoint] = {}
        for route in app.routes:
            if isinstance(route, JsonRoute) and route.methods != {"GET"}:
                endpoint = Endpoint(route, app) if is_plain(route) else None
                served = None if endpoint is None else inside(endpoint)
                named = _COMMAND.fullmatch(route.path)
                if endpoint and named and is_given(route.dependant, command_request):
                    self._endpoints[named["resource"], named["verb"] or CREATE] = endpoint
                for method in route.methods or ():
                    shape = _shape(method, route.path)
                    self._routes.setdefault(shape, []).append((route, served))

    def find(self, scope: Scope) -> ASGIApp | None:
        """Finds who answers the request, and says so in the scope. None: FastAPI does.

        A part of a path holds no slash and no colon, so a route and its paths have one shape.
        """
        path = get_route_path(scope)
        for route, served in self._routes.get(_shape(scope["method"], path), ()):
            found = route.path_regex.match(path)
            if found is not None:
                if served is not None:
                    scope["route"], scope["endpoint"] = route, route.endpoint
                    scope["path_params"] = found.groupdict()
                return served
        return None

    def endpoint(self, resource: str, action: str) -> Endpoint | None:
        """Finds the route that does this with a resource: "create", or a verb."""
        return self._endpoints.get((resource, action))


class Endpoint:
    """One route that writes, as an ASGI app without further layers."""

    def __init__(self, route: JsonRoute, app: FastAPI) -> None:
        self._app = app
        self._route = route
        self._names = route.names
        self._endpoint: Callable[..., Awaitable[Response]] = route.endpoint
        self._dependencies = [
            (one.name, cast(Callable[..., Awaitable[object]], one.call), one.request_param_name)
            for one in route.dependant.dependencies
        ]
        self._path = route.dependant.path_params
        self._body = route.body_field

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            check_head(scope, self._names)
            sent = await read_body(receive, BODY_BYTES_MAX)
            body = NO_BODY if self._body is None else decoded(sent)
        except Problem as problem:
            response = await self._refusal(Request(scope, receive), problem)
        else:
            response = await self.respond(ReadRequest(scope, receive, sent, body))
        await response(scope, receive, send)

    async def respond(self, request: ReadRequest) -> Response:
        """Answers a request whose head was checked and whose body was read.

        Raises what the app has no answer to.
        """
        try:
            return await self._answer(request)
        except Exception as problem:  # As the app says.
            return await self._refusal(request, problem)

    def place(self, scope: Scope, id: str | None) -> bool:
        """Puts route and path of a line into its scope; False: it needs an id, or has none."""
        if (id is None) == bool(self._path):
            return False
        scope["route"], scope["endpoint"] = self._route, self._route.endpoint
        scope["path_params"] = {field.alias: id for field in self._path}
        scope["path"] = self._route.path_format.format(**scope["path_params"])
        return True

    async def _answer(self, request: ReadRequest) -> Response:
        """Refuses in FastAPI's order: what is no JSON, what a dependency refuses, then values."""
        values: dict[str, object] = {}
        for name, call, parameter in self._dependencies:
            made = await (call() if parameter is None else call(**{parameter: request}))
            if name is not None:
                values[name] = made
        for field in self._path:
            values[field.name], errors = field.validate(request.path_params[field.alias])
            if errors:
                raise Problem("not-found")
        if self._body is not None:
            values[self._body.name] = self._valid_body(request.decoded)
        return await self._endpoint(**values)

    def _valid_body(self, body: object) -> object:
        field = self._body
        assert field is not None
        if body is NO_BODY and not field.field_info.is_required():
            return field.get_default()
        if body is NO_BODY:
            raise problem_of([{"type": "missing", "loc": ("body",)}])
        value, errors = field.validate(body, loc=("body",))
        if errors:
            raise problem_of(errors)
        return value

    async def _refusal(self, request: Request, problem: Exception) -> Response:
        handlers = cast(Mapping[object, Handler], self._app.exception_handlers)
        for kind in type(problem).__mro__:
            if kind in handlers:
                return await handlers[kind](request, problem)
        raise problem


def is_plain(route: JsonRoute) -> bool:
    """Whether it asks for its path, one body and what is made of the request alone, no more."""
    wanted = route.dependant
    calls = [one.call for one in wanted.dependencies]
    return (
        _is_ours(wanted)
        and wanted.request_param_name is None
        and len(wanted.body_params) <= 1
        and not route._embed_body_fields
        and len(set(calls)) == len(calls)  # FastAPI asks the same one once.
        and all(_is_made_of_request(one) for one in wanted.dependencies)
    )


def _is_made_of_request(wanted: Dependant) -> bool:
    return _is_ours(wanted) and not (
        wanted.dependencies or wanted.body_params or wanted.path_params
    )


def _is_ours(wanted: Dependant) -> bool:
    given: Any = (getattr(wanted, name) for name in _OF_FASTAPI)
    return inspect.iscoroutinefunction(wanted.call) and not any(given)


def _shape(method: str, path: str) -> Shape:
    return method, path.count("/"), path.rpartition(":")[2] if ":" in path else ""
