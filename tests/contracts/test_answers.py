"""Every route says what it answers: a schema with a description and an example for each field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from msgspec import UNSET, UnsetType
from starlette.responses import Response

from shared.kernel.decider import Rejected
from shared.kernel.money import Money
from shared.platform.codec import to_json
from shared.platform.http.app import create_app
from shared.platform.http.parts import Parts
from shared.platform.http.views import View, answers, said, schemas_of
from tests.support.answering import answers_looked_at
from tests.support.contract_documents import DOCUMENTS, OPERATIONS, Operation, misfit
from tests.support.toy.wallets import bare_service

NOT_JSON: Final = {"/metrics", "/v1/imports/{id}/results"}  # Text, and JSON a line.
# It says anew who somebody is: there is nothing that this could contradict.
OF_EVENTS: Final = {"Reason", "Cap", "Indicator"}  # Parts of an event, described by its schema.


@pytest.mark.parametrize(("service", "method", "path"), OPERATIONS)
def test_every_route_has_a_schema_of_its_success(service: str, method: str, path: str) -> None:
    responses = DOCUMENTS[service]["paths"][path][method]["responses"]
    successes = [responses[status] for status in responses if status.startswith("2")]

    assert successes
    if path not in NOT_JSON:
        assert all(one["content"]["application/json"]["schema"] for one in successes)


@pytest.mark.parametrize(("service", "method", "path"), OPERATIONS)
def test_every_route_that_writes_says_which_rules_it_can_break(
    service: str, method: str, path: str
) -> None:
    responses = DOCUMENTS[service]["paths"][path][method]["responses"]
    if method == "post" and path.startswith("/v1/") and not path.startswith("/v1/imports/{id}:"):
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


@pytest.mark.parametrize(("service", "method", "path"), OPERATIONS)
def test_the_examples_of_an_answer_are_one(service: str, method: str, path: str) -> None:
    document = DOCUMENTS[service]
    for status, response in document["paths"][path][method]["responses"].items():
        if path in NOT_JSON or not status.startswith("2"):
            continue
        shape = response["content"]["application/json"]["schema"]
        if "$ref" not in shape:
            continue  # The document of the service itself.
        properties = document["components"]["schemas"][shape["$ref"].rpartition("/")[2]][
            "properties"
        ]
        example = {name: one["examples"][0] for name, one in properties.items()}
        asked = Operation(service, method, path)

        body = json.dumps(example).encode()
        assert misfit(document, asked, int(status), "application/json", body) is None


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


def _integers(service: str, shape: Any) -> Iterator[dict[str, Any]]:
    """Every integer inside a schema, through its references."""
    if isinstance(shape, list):
        for one in shape:
            yield from _integers(service, one)
    if isinstance(shape, dict):
        if shape.get("type") == "integer":
            yield shape
        if "$ref" in shape:
            name = shape["$ref"].rpartition("/")[2]
            yield from _integers(service, DOCUMENTS[service]["components"]["schemas"][name])
        for one in shape.values():
            yield from _integers(service, one)


@pytest.mark.parametrize(("service", "method", "path"), OPERATIONS)
def test_every_number_that_can_be_sent_has_bounds(service: str, method: str, path: str) -> None:
    operation = DOCUMENTS[service]["paths"][path][method]
    sent = [operation.get("parameters", []), operation.get("requestBody", {})]
    found = list(_integers(service, sent))

    assert [one for one in found if not {"minimum", "maximum"} <= set(one)] == []


class ThingView(View, frozen=True, kw_only=True):
    """A thing."""

    number: Annotated[int, said("Which one.", 1)]
    made_on: Annotated[date, said("When.", date(2026, 1, 31))]
    price: Annotated[Money, said("What it costs.", Money(100, "CNY"))]


class NotForSale(Rejected):
    """The thing has no price."""


class NotHere(Rejected):
    """No route says that it can break this rule."""


THING: Final = {"number": 1, "made_on": date(2026, 1, 31), "price": Money(100, "CNY")}


def things() -> FastAPI:
    """A service of one thing, that answers what it is told to."""
    router = APIRouter(prefix="/thing")

    @router.post("", responses=answers(ThingView, refuses=(NotForSale,)))
    async def show(body: dict[str, Any]) -> Response:
        kind = {"sale": NotForSale, "here": NotHere}.get(body.get("refuse", ""))
        if kind is not None:
            raise kind
        status = body.get("status", 200)
        media_type = body.get("media_type", "application/json")
        return Response(to_json({**THING, **body.get("fields", {})}), status, {}, media_type)

    service = replace(bare_service(), routers=[router], problems={NotForSale: 409, NotHere: 409})
    nothing: Any = None
    return create_app(
        Parts(service=service, tenant_id=UUID(int=7), clock=nothing, writer=nothing, store=nothing)
    )


class TestAnswersLookedAt:
    @pytest.mark.parametrize(
        ("body", "found"),
        [
            ({}, None),
            ({"refuse": "sale"}, None),
            ({"fields": {"more": 1}}, "200 : Additional properties are not allowed"),
            ({"fields": {"number": "1"}}, '200 number: "1" is not of type "integer"'),
            ({"fields": {"made_on": "today"}}, '200 made_on: "today" is not a "date"'),
            ({"fields": {"price": 1}}, '200 price: 1 is not of type "object"'),
            ({"status": 201}, "201 is not documented"),
            ({"media_type": "text/plain"}, "200 is text/plain, not application/json"),
            ({"refuse": "here"}, '409 code: "not-here" is not one of'),
        ],
    )
    async def test_finds_what_the_document_does_not_say(
        self, body: dict[str, Any], found: str | None
    ) -> None:
        app = things()
        with answers_looked_at({"toy": app.openapi()}) as looked_at:
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://here"
            ) as client:
                await client.post("/v1/thing", json=body)

        asked = Operation("toy", "post", "/v1/thing")
        assert looked_at.successes == (set() if found or body else {asked})
        if found is None:
            assert looked_at.misfits == []
        else:
            assert found in looked_at.misfits[0]
            assert looked_at.misfits[0].startswith("toy: post /v1/thing: ")

    def test_every_example_is_as_it_would_be_sent(self) -> None:
        shape = things().openapi()["components"]["schemas"]["ThingView"]["properties"]

        assert shape["made_on"]["examples"] == ["2026-01-31"]
        assert shape["price"]["examples"][-1] == {"amount": "1.00", "currency": "CNY"}
