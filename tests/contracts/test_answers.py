"""Every route says what it answers: a schema with a description and an example for each field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import pytest
from fastapi import FastAPI
from msgspec import UNSET, UnsetType
from starlette.responses import Response

from services.credit.runtime.wiring import AREAS as CREDIT
from services.dunning.runtime.wiring import AREAS as DUNNING
from services.ledger.runtime.wiring import AREAS as LEDGER
from shared.kernel.money import Money
from shared.platform.codec import to_json
from shared.platform.http.operations import router as operations
from shared.platform.http.tracing import Tracing
from shared.platform.http.views import View, answers, said, schemas_of
from tests.support.answering import answers_looked_at, misfit
from tests.support.resources import routes_of, view_of

SERVICES: Final = Path(__file__).parents[2] / "services"
DOCUMENTS: Final = {
    service: json.loads((SERVICES / service / "contract/openapi.json").read_text("utf-8"))
    for service in ("ledger", "credit", "dunning")
}
OPERATIONS: Final = [
    (service, method, path)
    for service, document in DOCUMENTS.items()
    for path, methods in document["paths"].items()
    for method in methods
]
NOT_JSON: Final = {"/metrics"}
OF_EVENTS: Final = {"Reason", "Cap", "Indicator"}  # Parts of an event, described by its schema.


@pytest.mark.parametrize(("service", "method", "path"), OPERATIONS)
def test_every_route_has_a_schema_of_its_success(service: str, method: str, path: str) -> None:
    responses = DOCUMENTS[service]["paths"][path][method]["responses"]
    successes = [responses[status] for status in responses if status.startswith("2")]

    assert len(successes) == 1
    if path not in NOT_JSON:
        assert successes[0]["content"]["application/json"]["schema"]


@pytest.mark.parametrize(("service", "method", "path"), OPERATIONS)
def test_every_route_that_writes_says_which_rules_it_can_break(
    service: str, method: str, path: str
) -> None:
    responses = DOCUMENTS[service]["paths"][path][method]["responses"]
    if method == "post" and path.startswith("/v1/"):
        assert {"409", "422"} & set(responses)


def _shown(service: str) -> Mapping[str, dict[str, Any]]:
    """The schemas that answers are made of, by name, but for parts of an event."""
    document = DOCUMENTS[service]
    schemas: dict[str, dict[str, Any]] = document["components"]["schemas"]
    answers = [
        response
        for methods in document["paths"].values()
        for operation in methods.values()
        for status, response in operation["responses"].items()
        if status.startswith("2")
    ]
    names, waiting = set[str](), set(_refs(answers))
    while waiting:
        names |= waiting
        waiting = {ref for name in waiting for ref in _refs(schemas[name])} - names
    return {name: schemas[name] for name in sorted(names - OF_EVENTS)}


def _refs(shape: Any) -> Iterator[str]:
    text = json.dumps(shape)
    return (found[1] for found in re.finditer(r'"#/components/schemas/(\w+)"', text))


@pytest.mark.parametrize("service", DOCUMENTS)
def test_every_field_of_an_answer_says_what_it_means(service: str) -> None:
    fields = [
        (f"{name}.{field}", shape)
        for name, schema in _shown(service).items()
        for field, shape in schema["properties"].items()
    ]

    assert fields
    assert [field for field, shape in fields if not shape.get("description")] == []


@pytest.mark.parametrize("service", DOCUMENTS)
def test_every_field_of_an_answer_has_an_example_that_says_something(service: str) -> None:
    bare = [
        f"{name}.{field}"
        for name, schema in _shown(service).items()
        for field, shape in schema["properties"].items()
        if [] in (shape.get("examples") or [[]]) or {} in shape["examples"]
    ]

    assert bare == []


ROUTERS: Final = [
    *(router for area in (*LEDGER, *CREDIT, *DUNNING) for router in area.routes),
    operations,
]
VIEWS: Final = {view_of(route) for router in ROUTERS for route in routes_of(router)}


@pytest.mark.parametrize("view", sorted(VIEWS - {dict[str, Any]}, key=str), ids=str)
def test_the_examples_of_a_view_are_an_answer_of_it(view: Any) -> None:
    shapes, components = schemas_of([view])
    properties = components[shapes[view]["$ref"].rpartition("/")[2]]["properties"]
    example = {name: shape["examples"][0] for name, shape in properties.items()}

    assert misfit(view, json.dumps(example).encode()) is None


class PartView(View, frozen=True, kw_only=True):
    """A part."""

    number: Annotated[int, said("Which one.", 7)]
    price: Annotated[Money, said("What it costs.")]
    color: Annotated[str | UnsetType, said("Only of painted ones.", "red")] = UNSET


class WholeView(View, frozen=True, kw_only=True):
    """A thing made of parts."""

    first: Annotated[PartView, said("The one to begin with.")]
    last: Annotated[PartView | None, said("The one to end with.")]
    parts: Annotated[list[PartView], said("All of them.")]
    words: Annotated[list[str], said("Nobody gave an example.")]


def test_an_example_of_a_view_is_made_of_those_of_its_fields() -> None:
    properties = schemas_of([WholeView])[1]["WholeView"]["properties"]
    part = {"number": 7, "price": {"amount": "8000.00", "currency": "CNY"}}

    assert {name: shape.get("examples") for name, shape in properties.items()} == {
        "first": [part],
        "last": [part],
        "parts": [[part]],
        "words": None,
    }


class ThingView(View, frozen=True, kw_only=True):
    """A thing."""

    number: Annotated[int, said("Which one.", 1)]
    price: Annotated[Money, said("What it costs.")]


@pytest.mark.parametrize(
    ("body", "fits"),
    [
        (b'{"number": 1, "price": {"amount": "1.00", "currency": "CNY"}}', True),
        (b'{"number": 1}', False),
        (b'{"number": "1", "price": {"amount": "1.00", "currency": "CNY"}}', False),
        (b'{"number": 1, "price": {"amount": "1.00", "currency": "CNY"}, "more": 1}', False),
    ],
)
def test_an_answer_that_is_not_what_its_view_says_is_found(body: bytes, fits: bool) -> None:
    assert (misfit(ThingView, body) is None) == fits


class TestAnswersLookedAt:
    @pytest.fixture(autouse=True)
    def every_answer_is_as_its_route_says(self) -> None:
        """Not here: one is wrong on purpose."""

    @pytest.mark.parametrize(
        ("body", "misfits"),
        [({"number": 1, "price": Money(100, "CNY")}, 0), ({"number": 1}, 1)],
    )
    async def test_finds_what_a_route_answers_otherwise(
        self, body: dict[str, object], misfits: int
    ) -> None:
        app = FastAPI()
        app.add_middleware(Tracing, service="toy")

        @app.get("/thing", responses=answers(ThingView))
        async def show() -> Response:
            return Response(to_json(body), media_type="application/json")

        with answers_looked_at() as found:
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://here"
            ) as client:
                assert (await client.get("/thing")).status_code == 200

        assert len(found) == misfits
