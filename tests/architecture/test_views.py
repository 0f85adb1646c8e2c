"""A resource has one view: the answer of a command is what its query shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import pytest
from fastapi import APIRouter
from starlette.responses import Response

from services.credit.runtime.wiring import AREAS as CREDIT
from services.dunning.runtime.wiring import AREAS as DUNNING
from services.ledger.runtime.wiring import AREAS as LEDGER
from shared.platform.http.commands import command_request
from shared.platform.http.operations import router as operations
from shared.platform.http.routes import is_given
from shared.platform.http.views import View, answers, said
from tests.support.resources import PREVIEW, Pair, pairs, personal_fields, routes_of, view_of

ROUTES: Final = {
    service: [route for area in areas for router in area.routes for route in routes_of(router)]
    for service, areas in (("ledger", LEDGER), ("credit", CREDIT), ("dunning", DUNNING))
}
ROOT: Final = Path(__file__).parents[2]
DECLARED: Final = re.compile(r"^class (\w+View)\(", re.MULTILINE)
MADE: Final = re.compile(r"(?<!class )\b(\w+View)\(")
ALL: Final = [*(each for routes in ROUTES.values() for each in pairs(routes))]


def has_one_view(pair: Pair) -> bool:
    """The same one; a command may show beside it what else it has changed."""
    if pair.query is None:
        return False
    answer, shown = view_of(pair.command), view_of(pair.query)
    return answer is shown or (issubclass(answer, shown) and more(answer, shown) == {"affected"})


def more(answer: type[View], shown: type[View]) -> set[str]:
    return set(answer.__struct_fields__) - set(shown.__struct_fields__)


@pytest.mark.parametrize(
    "pair", [*ALL, *pairs(routes_of(operations))], ids=lambda pair: str(pair.command.path)
)
def test_a_command_answers_with_the_view_of_its_resource(pair: Pair) -> None:
    assert has_one_view(pair)


def test_what_is_a_preview_is_given_nothing_to_write_with() -> None:
    previews = [
        route for routes in ROUTES.values() for route in routes if route.path.endswith(PREVIEW)
    ]

    assert previews
    assert not any(is_given(route.dependant, command_request) for route in previews)


def test_every_service_has_commands() -> None:
    assert all(pairs(routes) for routes in ROUTES.values())


class ThingView(View, frozen=True, kw_only=True):
    """A thing."""

    owner: Annotated[str | None, said("Whose it is.", "王芳", is_personal=True)]


class ThingMadeView(View, frozen=True, kw_only=True):
    """A thing, just made."""

    number: Annotated[int, said("Which one.", 1)]


def test_a_command_with_a_view_of_its_own_is_found() -> None:
    router = APIRouter(prefix="/things")

    async def answer() -> Response:
        return Response()

    router.add_api_route("", answer, methods=["POST"], responses=answers(ThingMadeView))
    router.add_api_route("/{id}:mend", answer, methods=["POST"], responses=answers(ThingView))
    router.add_api_route("/{id}:sell", answer, methods=["POST"], responses=answers(ThingMadeView))
    router.add_api_route("", answer, methods=["GET"], responses=answers(ThingMadeView))
    router.add_api_route("/{id}", answer, methods=["GET"], responses=answers(ThingView))
    lonely = APIRouter(prefix="/lonely")
    lonely.add_api_route("", answer, methods=["POST"], responses=answers(ThingView))

    assert [has_one_view(pair) for pair in pairs(routes_of(router))] == [False, True, False]
    assert [has_one_view(pair) for pair in pairs(routes_of(lonely))] == [False]


def test_personal_fields_are_found() -> None:
    assert personal_fields(ThingView) == {"owner"}
    assert personal_fields(ThingMadeView) == set()


def made_elsewhere(sources: Mapping[str, str]) -> set[tuple[str, str]]:
    """The modules that make a view which another module of the same area declares."""
    declared = {view: module for module, text in sources.items() for view in DECLARED.findall(text)}
    return {
        (module, view)
        for module, text in sources.items()
        for view in MADE.findall(text)
        if declared.get(view, module) != module
    }


@pytest.mark.parametrize("area", sorted({p.parent for p in ROOT.glob("services/*/*/api/*.py")}))
def test_a_view_is_made_where_it_is_declared(area: Path) -> None:
    """So a field of it is written in one file, whether it comes from a state or from a row."""
    assert made_elsewhere({p.name: p.read_text("utf-8") for p in area.glob("*.py")}) == set()


def test_a_view_that_is_made_elsewhere_is_found() -> None:
    declares = "class ThingView(View, frozen=True):\n    number: int\n"
    assert made_elsewhere({"view.py": declares, "things.py": "    return ThingView(number=1)"}) == {
        ("things.py", "ThingView")
    }
    assert made_elsewhere({"view.py": declares + "ThingView(number=1)", "x.py": "y"}) == set()
