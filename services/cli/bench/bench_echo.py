"""What the bench compares with: the same body, read and checked alike, and said back. No more."""

# Annotations are not postponed here: FastAPI has to see which model the route is for.

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

ECHO_PATH = "/echo"


def with_echo(app: ASGIApp, model: type[BaseModel]) -> ASGIApp:
    """The app, and beside it POST /echo without any of our layers."""
    echo = _echo(model)

    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        chosen = echo if scope.get("path") == ECHO_PATH else app
        await chosen(scope, receive, send)

    return either


def _echo(model: type[BaseModel]) -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)

    @app.post(ECHO_PATH, response_model=None)
    async def say_back(body: model) -> Response:  # type: ignore[valid-type] # known at run time
        return Response(
            body.model_dump_json(),  # type: ignore[attr-defined] # as above
            media_type="application/json",
        )

    return app
