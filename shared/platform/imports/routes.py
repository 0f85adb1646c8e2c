"""Routes of imports: files of commands that are taken at once and done one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal, cast
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from shared.kernel.ids import stream_id
from shared.platform.clock import DomainClock
from shared.platform.http.app import PREFIX
from shared.platform.http.bodies import header
from shared.platform.http.commands import key_of, wants_dry_run
from shared.platform.http.lines import LineView
from shared.platform.http.models import Id
from shared.platform.http.openapi import DRY_RUN_PARAMETER, KEY_PARAMETER
from shared.platform.http.paging import Paging
from shared.platform.http.parts import parts_of
from shared.platform.http.problems import Problem
from shared.platform.http.routes import add_routes
from shared.platform.http.views import Page, Refusals, View, answers, found, page, said, shown
from shared.platform.imports.import_store import Import, ImportStore
from shared.platform.imports.runner import ImportRunner
from shared.platform.imports.uploads import IMPORT_BYTES_MAX, Upload

NDJSON: Final = "application/x-ndjson"
# No schema can say that each line is JSON: generators take it for a file.
BYTES: Final = {"type": "string", "format": "binary"}
_KINDS: Final = (NDJSON, "application/jsonl", "application/ndjson")
Status = Literal["receiving", "waiting", "completed", "canceled", "stopped"]

router: Final = APIRouter(prefix="/imports", tags=["imports"])
uploads: Final = APIRouter(prefix="/imports", tags=["imports"])  # What is not JSON in or out.


class LinesResponse(StreamingResponse):
    """JSON, one value a line, as it comes."""

    media_type = NDJSON


class ImportView(View, frozen=True, kw_only=True):
    """A file of commands, and how far it is."""

    id: Annotated[UUID, said("Of the import.", "0f0d3c5e-8a44-5a0b-8f0e-6e3b1c2d4a55")]
    status: Annotated[
        Status,
        said("receiving: its upload was cut; waiting: it is being done; stopped: by a bug.",
             "waiting"),
    ]  # fmt: skip
    dry_run: Annotated[bool, said("Whether nothing of it is stored.", False)]
    lines: Annotated[int, said("How many there are, without blank ones.", 200)]
    done: Annotated[int, said("How many have their answer.", 120)]
    accepted: Annotated[int, said("How many of these were accepted.", 119)]
    refused: Annotated[int, said("How many were refused.", 1)]
    error: Annotated[str | None, said("What stopped it.", "ZeroDivisionError")]
    created_at: Annotated[
        datetime, said("When it was sent, by the clock on the wall.", "2026-03-14T09:26:53Z")
    ]


@dataclass(frozen=True, slots=True)
class Imports:
    """What the routes of imports need: where files are kept, and who does them."""

    store: ImportStore
    runner: ImportRunner


def serve_imports(app: FastAPI, store: ImportStore, clock: DomainClock) -> ImportRunner:
    """Adds the routes, and gives what does the imports once it is started."""
    add_routes(app, PREFIX, [router])
    add_routes(app, PREFIX, [uploads], kind=APIRoute, bytes_max=None)
    runner = ImportRunner(store, app, clock)
    app.state.imports = Imports(store, runner)
    return runner


async def _imports(request: Request) -> Imports:
    return cast(Imports, request.app.state.imports)


Running = Annotated[Imports, Depends(_imports)]


@uploads.post(
    "",
    status_code=HTTPStatus.ACCEPTED,
    operation_id="begin_import",
    responses=answers(
        ImportView,
        HTTPStatus.ACCEPTED,
        problems=(
            *("idempotency-key-required", "invalid-header", "invalid-query", "malformed-json"),
            *("body-too-large", "unsupported-media-type", "service-unavailable"),
            *("idempotency-key-reused", "idempotency-key-in-flight"),
        ),
    ),
    openapi_extra={
        "parameters": [KEY_PARAMETER, DRY_RUN_PARAMETER],
        "requestBody": {
            "required": True,
            "content": {NDJSON: {"schema": BYTES}},
        },
    },
)
async def begin_import(request: Request, imports: Running) -> Response:
    """Takes a file of commands, one a line as in a batch, each with its `resource`.

    At most 100 MB, also as gzip. The lines are done in their order from then on.
    """
    key, is_dry_run = key_of(request), wants_dry_run(request)
    if (header(request.scope, b"content-type") or "").partition(";")[0].strip() not in _KINDS:
        raise Problem("unsupported-media-type")
    encoding = header(request.scope, b"content-encoding") or "identity"
    if encoding not in ("identity", "gzip"):
        raise Problem("unsupported-media-type", pointer="/Content-Encoding")
    length = header(request.scope, b"content-length") or ""
    if length.isdecimal() and int(length) > IMPORT_BYTES_MAX:
        raise Problem("body-too-large")
    id = stream_id(parts_of(request).tenant_id, "", "import", key)
    upload = Upload(request.stream(), is_gzip=encoding == "gzip")
    await _receive(imports.store, id, upload, is_dry_run=is_dry_run)
    imports.runner.notify()
    return await _shown(imports, id, HTTPStatus.ACCEPTED)


async def _receive(store: ImportStore, id: UUID, upload: Upload, *, is_dry_run: bool) -> None:
    """Keeps the file, unless it was sent before. A cut upload leaves what the next one replaces."""
    attempt = await store.begin(id, is_dry_run=is_dry_run)
    async for part in upload.parts():
        if attempt is not None:
            await store.add(id, attempt, part)
    if attempt is None:
        if not await store.is_same(id, upload.content_hash, is_dry_run=is_dry_run):
            raise Problem("idempotency-key-reused", pointer="/Idempotency-Key")
    elif not await store.received(id, attempt, upload.content_hash, upload.count):
        raise Problem("idempotency-key-in-flight", pointer="/Idempotency-Key")


@uploads.get(
    "/{id}/results",
    operation_id="stream_import_results",
    response_class=LinesResponse,
    responses={
        "4XX": Refusals((), ("service-unavailable",)),
        200: {
            "description": f"A {LineView.__name__} a line.",
            "content": {NDJSON: {"schema": BYTES}},
        },
    },
)
async def stream_results(id: Id, imports: Running) -> Response:
    """What became of each line so far, in their order: one answer a line, as a batch gives it."""
    found(await imports.store.find(id))
    return LinesResponse(imports.store.answers(id))


@router.get("", responses=answers(Page[ImportView], problems=("service-unavailable",)))
async def list_imports(paging: Paging, imports: Running) -> Response:
    """The newest first."""
    after = None
    if paging.after is not None:
        after = datetime.fromisoformat(paging.after[0]), UUID(paging.after[1])
    rows = await imports.store.list(after, paging.limit + 1)
    return page(paging, rows, lambda one: [one.created_at, one.id], _view)


@router.get("/{id}", responses=answers(ImportView, problems=("service-unavailable",)))
async def show_import(id: Id, imports: Running) -> Response:
    return await _shown(imports, id)


@router.post("/{id}:cancel", responses=answers(ImportView, problems=("service-unavailable",)))
async def cancel_import(id: Id, imports: Running) -> Response:
    """Lets nothing more of it be done; what was done stays. One that is completed stays so."""
    await imports.store.cancel(id)
    return await _shown(imports, id)


@router.post("/{id}:resume", responses=answers(ImportView, problems=("service-unavailable",)))
async def resume_import(id: Id, imports: Running) -> Response:
    """Lets the rest of one be done that was canceled or stopped."""
    await imports.store.resume(id)
    imports.runner.notify()
    return await _shown(imports, id)


async def _shown(imports: Imports, id: UUID, status: int = HTTPStatus.OK) -> Response:
    return shown(_view(found(await imports.store.find(id))), status=status)


def _view(one: Import) -> ImportView:
    return ImportView(
        id=one.id,
        status=cast(Status, one.status),
        dry_run=one.is_dry_run,
        lines=one.line_count,
        done=one.done_count,
        accepted=one.accepted,
        refused=one.refused,
        error=one.error,
        created_at=one.created_at,
    )
