"""Every route says what it answers: a schema with a description and an example for each field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import Response

from shared.kernel.money import Money
from shared.platform.codec import to_json
from shared.platform.http.tracing import Tracing
from shared.platform.http.views import View, answers, said
from tests.support.answering import answers_looked_at, misfit

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
# It says anew who somebody is: there is nothing that this could contradict.
BREAKS_NO_RULE: Final = {"/v1/accounts/{id}:change-details"}
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
        assert bool({"409", "422"} & set(responses)) is (path not in BREAKS_NO_RULE)


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
