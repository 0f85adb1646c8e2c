"""What a resource looks like, once: a view is encoded by msgspec and described in OpenAPI.

A view is made from a state (the answer of a command) or from a row (the answer of a query). Its
docstring is the schema's description; a field says its own, with an example, by `said`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, Generic, TypeVar

import msgspec
from starlette.responses import Response

from shared.kernel.decider import Rejected
from shared.kernel.money import Money
from shared.platform.codec import to_json
from shared.platform.http.moments import Bounds
from shared.platform.http.paging import PageRequest
from shared.platform.http.problems import Problem
from shared.platform.http.tokens import etag
from shared.platform.projector.keyset import written

V = TypeVar("V")
R = TypeVar("R")
REF: Final = "#/components/schemas/{name}"
JSON: Final = "application/json"
PERSONAL: Final = "Personal: null in the answer of a command, which is kept."


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer's body, or a part of it, looks like."""


class Page(View, Generic[V], frozen=True, kw_only=True):
    """A page of a list."""

    items: list[V]
    next: str | None  # The cursor of the page after this one; null: there is none.


class MomentPage(Page[V], Generic[V], frozen=True, kw_only=True):
    """A page of a list as of a day, as it was known at an instant."""

    as_of: date
    as_known: datetime


def said(description: str, *examples: object, is_personal: bool = False) -> msgspec.Meta:
    """What a field means, with examples: `number: Annotated[str, said("The caller's.", "A-1")]`.

    A personal one is null in the answer of a command: that is kept with its idempotency key, and
    personal data is in the tables of an area alone.
    """
    if is_personal:
        description = f"{description} {PERSONAL}"
    return msgspec.Meta(description=description, examples=list(examples) or None)


class Answer(dict[str, Any]):
    """A route's answer as FastAPI's `responses` take it, and the view behind it."""

    def __init__(self, view: Any, description: str) -> None:
        super().__init__(description=description)
        self.view = view


class Refusals(dict[str, Any]):
    """The rules a route's command can break."""

    def __init__(self, rejections: Sequence[type[Rejected]]) -> None:
        super().__init__(description="")
        self.rejections = rejections


def answers(
    view: Any, status: int = 200, *, refuses: Sequence[type[Rejected]] = ()
) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: what it answers, and the rules its command can break."""
    found: dict[int | str, dict[str, Any]] = {status: Answer(view, "Done, or as asked.")}
    if refuses:
        found["4XX"] = Refusals(refuses)
    return found


def shown(view: View, *, version: int | None = None, status: int = 200) -> Response:
    """The answer of a query. With a version it has an ETag."""
    headers = {} if version is None else {"etag": etag(version)}
    return Response(to_json(view), status, headers, JSON)


def found(row: R | None) -> R:
    """The row, where there is one; else the answer is 404."""
    if row is None:
        raise Problem("not-found")
    return row


def page(
    paging: PageRequest,
    rows: Sequence[R],
    key: Callable[[R], Sequence[object]],
    view: Callable[[R], View],
    bounds: Bounds | None = None,
) -> Response:
    """The answer of a list: up to `limit` of the `limit` + 1 rows that were asked for."""
    cut = paging.page(rows, lambda row: [written(value) for value in key(row)])
    body: dict[str, object] = {} if bounds is None else bounds.echo
    body = {**body, "items": [view(row) for row in cut.items], "next": cut.next}
    return Response(to_json(body), media_type=JSON)


def schemas_of(views: Iterable[Any]) -> tuple[Mapping[Any, Any], dict[str, Any]]:
    """The schema of each view, in their order without repetition, and the components of all."""
    wanted = list(dict.fromkeys(views))
    found, components = msgspec.json.schema_components(
        wanted, schema_hook=money_schema, ref_template=REF
    )
    return dict(zip(wanted, found, strict=True)), components


def money_schema(kind: type) -> dict[str, Any]:
    """Money on the wire."""
    if kind is not Money:
        raise NotImplementedError(kind.__name__)
    return {
        "type": "object",
        "description": "An amount with the currency's digits, and its ISO 4217 code.",
        "examples": [{"amount": "8000.00", "currency": "CNY"}],
        "properties": {
            "amount": {"type": "string", "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"},
            "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        },
        "required": ["amount", "currency"],
        "additionalProperties": False,
    }
