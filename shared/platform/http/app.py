"""Makes the app of one service: its routes under /v1, those for operations beside them."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from shared.platform.http import answers, operations
from shared.platform.http.batches import batch_router
from shared.platform.http.fast_path import FastPath
from shared.platform.http.openapi import document_of
from shared.platform.http.parts import Parts
from shared.platform.http.routes import add_routes
from shared.platform.http.tracing import Tracing
from shared.platform.observability.logs import version

PREFIX: Final = "/v1"


class App(FastAPI):
    """FastAPI, and before it the fast path of requests that write."""

    fast_path: FastPath | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = None
        if scope["type"] == "http" and self.fast_path is not None:
            found = self.fast_path.find(scope)
        if found is None:
            await super().__call__(scope, receive, send)
        else:
            scope["app"] = self
            await found(scope, receive, send)


def create_app(parts: Parts, *, api: bool = True) -> App:
    """Makes the app, without lifespan: whoever makes the parts starts and stops them.

    Without `api` only the routes for operations are there.
    """
    app = App(
        title=f"Duebook {parts.service.name}",
        version=version(),
        redirect_slashes=False,
        redoc_url=None,
        separate_input_output_schemas=False,
        responses={"default": {}},  # What is answered is said in openapi.py.
    )
    app.state.parts = parts
    if api:
        routers = parts.service.routers
        add_routes(app, PREFIX, [*routers, batch_router(routers)])
    add_routes(app, "", [operations.router])
    app.include_router(operations.plain)
    answers.install(app)
    app.add_middleware(Tracing, service=parts.service.name)
    app.openapi = lambda: document_of(app, parts.service)  # type: ignore[method-assign] # FastAPI's documented hook
    app.fast_path = FastPath(app, lambda one: Tracing(one, parts.service.name))
    return app
