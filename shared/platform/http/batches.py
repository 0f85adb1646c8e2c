"""Routes that take many commands at once, one for each resource that has commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from shared.platform.codec import to_json
from shared.platform.http.answers import REQUEST_ID
from shared.platform.http.bodies import headers_of
from shared.platform.http.commands import wants_dry_run
from shared.platform.http.lines import LINES_MAX, BatchLine, Lines, LineView, Placed
from shared.platform.http.models import RequestBody
from shared.platform.http.parts import parts_of
from shared.platform.http.views import JSON, View, answers, said

BATCH: Final = "batch"  # What stands behind the colon.


class Batch(RequestBody):
    """Commands of one resource, done in their order, each as if it had been sent alone."""

    items: Annotated[list[BatchLine], Field(min_length=1, max_length=LINES_MAX)]


class BatchView(View, frozen=True, kw_only=True):
    """What became of each line."""

    items: Annotated[list[LineView], said("One for each line, in their order.")]


class BatchRequest:
    """One request with many commands. Its clock is read once."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._is_dry_run = wants_dry_run(request)

    async def run(self, resource: str, batch: Batch) -> Response:
        """Answers 207 with an answer for each line, whatever became of them."""
        scope = self._request.scope
        lines = Lines(
            self._request.app,
            self._request.app.fast_path,
            is_dry_run=self._is_dry_run,
            request_id=scope.get(REQUEST_ID),
            traceparent=headers_of(scope).get(b"traceparent"),
        )
        placed = [Placed(number, resource, line) for number, line in enumerate(batch.items, 1)]
        now = await parts_of(self._request).clock.now()
        view = BatchView(items=list(await lines.answer(placed, now)))
        return Response(to_json(view), HTTPStatus.MULTI_STATUS, media_type=JSON)


async def batch_request(request: Request) -> BatchRequest:
    return BatchRequest(request)


BatchContext = Annotated[BatchRequest, Depends(batch_request)]


def batch_router(routers: Iterable[APIRouter]) -> APIRouter:
    """The batch routes of all resources that these routers have commands for."""
    found = APIRouter()
    for tag in sorted({resource for router in routers for resource in _resources(router)}):
        found.add_api_route(
            f"/{tag}:{BATCH}",
            _route_of(tag),
            methods=["POST"],
            status_code=HTTPStatus.MULTI_STATUS,
            tags=[tag],
            name=f"batch_{tag.replace('-', '_')}",
            summary=f"Batch {tag}".replace("-", " ").title(),
            description=f"Up to {LINES_MAX} commands, in their order; each is done or refused by"
            " itself, under a key of its own.",
            responses=answers(
                BatchView, HTTPStatus.MULTI_STATUS, problems=("service-unavailable",)
            ),
        )
    return found


def _resources(router: APIRouter) -> Iterable[str]:
    for route in router.routes:
        if isinstance(route, APIRoute) and route.methods != {"GET"}:
            name = route.path.split("/")[1]
            if ":" not in name:  # What is asked of no resource, as `/terms:preview`, writes none.
                yield name


def _route_of(resource: str) -> Callable[..., object]:
    async def take_batch(body: Batch, batch: BatchContext) -> Response:
        return await batch.run(resource, body)

    return take_batch
