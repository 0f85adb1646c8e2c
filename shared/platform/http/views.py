"""What a resource looks like, once: a view is encoded by msgspec and described in OpenAPI.

A view is made from a state (the answer of a command) or from a row (the answer of a query). Its
docstring is the schema's description; a field says its own, with an example, by `said`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final, Generic, TypeVar

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
NEXT: Final = "The cursor of the page after this one; null: there is none."
CURSOR: Final = "eyJrIjpbIjIwMjYtMDMtMTQiXSwiZiI6IiJ9"
PERSONAL: Final = "Personal: null in the answer of a command, which is kept."


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer's body, or a part of it, looks like."""


def said(description: str, *examples: object, is_personal: bool = False) -> msgspec.Meta:
    """What a field means, with examples: `number: Annotated[str, said("The caller's.", "A-1")]`.

    A personal one is null in the answer of a command: that is kept with its idempotency key, and
    personal data is in the tables of an area alone.
    """
    if is_personal:
        description = f"{description} {PERSONAL}"
    plain = [msgspec.json.decode(to_json(example)) for example in examples]  # As they are sent.
    return msgspec.Meta(description=description, examples=plain or None)


class Page(View, Generic[V], frozen=True, kw_only=True):
    """A page of a list."""

    items: Annotated[list[V], said("The things of this page, in the order of the list.")]
    next: Annotated[str | None, said(NEXT, CURSOR)]


class MomentPage(Page[V], Generic[V], frozen=True, kw_only=True):
    """A page of a list as of a day, as it was known at an instant."""

    as_of: Annotated[date, said("The day asked about, or today.", "2026-03-14")]
    as_known: Annotated[
        datetime, said("What was learned later is left out.", "2026-03-14T00:00:00Z")
    ]


class Answer(dict[str, Any]):
    """A route's answer as FastAPI's `responses` take it, and the view behind it."""

    def __init__(self, view: Any, description: str) -> None:
        super().__init__(description=description)
        self.view = view


class Refusals(dict[str, Any]):
    """What a route can answer instead: rules its command can break, problems of the platform."""

    def __init__(self, rejections: Sequence[type[Rejected]], problems: Sequence[str]) -> None:
        super().__init__(description="")
        self.rejections = rejections
        self.problems = problems


def answers(
    view: Any,
    status: int = 200,
    *,
    or_at: int | None = None,
    refuses: Sequence[type[Rejected]] = (),
    problems: Sequence[str] = (),
) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: what it answers, and what else it can say.

    The same view may come `or_at` another status. `refuses` are the rules its command can break,
    `problems` those of the platform that do not follow from what the route is given.
    """
    found: dict[int | str, dict[str, Any]] = {status: Answer(view, "Done, or as asked.")}
    if or_at is not None:
        found[or_at] = Answer(view, "Not now; the body says why.")
    if refuses or problems:
        found["4XX"] = Refusals(refuses, problems)
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
    for part in components.values():
        for shape in part.get("properties", {}).values():
            if made := examples_of(shape, components):
                shape["examples"] = made
    return dict(zip(wanted, found, strict=True)), components


def examples_of(shape: Mapping[str, Any], components: Mapping[str, Any]) -> Sequence[Any]:
    """Those a schema gives, or one made of the examples of its parts; none where a part has none.

    An object has the fields that are always there.
    """
    match shape:
        case {"examples": examples}:
            return list(examples)
        case {"$ref": ref}:
            return examples_of(components[ref.rpartition("/")[2]], components)
        case {"anyOf": shapes}:
            return next(filter(None, (examples_of(one, components) for one in shapes)), [])
        case {"items": {} as items}:
            one = examples_of(items, components)
            return [list(one[:1])] if one else []
        case {"properties": parts}:
            made = {name: examples_of(parts[name], components) for name in shape["required"]}
            return [{name: of[0] for name, of in made.items()}] if all(made.values()) else []
        case _:
            return []


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
