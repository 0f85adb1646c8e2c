"""Every route says what it answers: a schema with a description and an example for each field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.responses import Response

from shared.kernel.decider import Rejected
from shared.kernel.money import Money
from shared.platform.codec import to_json
from shared.platform.http.app import create_app
from shared.platform.http.parts import Parts
from shared.platform.http.views import View, answers, said
from tests.support.answering import answers_looked_at
from tests.support.contract_documents import DOCUMENTS, OPERATIONS, Operation
from tests.support.toy import toy_service

NOT_JSON: Final = {"/metrics"}
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
    if method == "post" and path.startswith("/v1/"):
        assert {"409", "422"} & set(responses)


def _views(service: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, schema in DOCUMENTS[service]["components"]["schemas"].items():
        if name.endswith("View") and name not in OF_EVENTS:
            for field, shape in schema.get("properties", {}).items():
                yield name, field, shape


@pytest.mark.parametrize("service", DOCUMENTS)
def test_every_field_of_a_view_says_what_it_means(service: str) -> None:
    fields = list(_views(service))

    assert fields
    assert [f"{view}.{name}" for view, name, shape in fields if "description" not in shape] == []


@pytest.mark.parametrize("service", DOCUMENTS)
def test_every_field_of_a_view_that_is_no_view_has_an_example(service: str) -> None:
    bare = [
        f"{view}.{name}"
        for view, name, shape in _views(service)
        if "examples" not in shape and "View" not in json.dumps(shape)
    ]

    assert bare == []


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

    service = replace(toy_service(), routers=[router], problems={NotForSale: 409, NotHere: 409})
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
