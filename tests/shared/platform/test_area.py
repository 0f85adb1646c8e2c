"""Areas joined into a service: what two of them declare is refused, and both are named."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from fastapi import APIRouter

from shared.kernel.decider import Aggregate, Rejected
from shared.platform.area import Area, DeclaredTwice, join
from shared.platform.projector.port import Projection
from shared.platform.projector.rows import row
from shared.platform.reactor.port import Reaction


class Happened:
    """An event."""


class DoIt:
    """A command."""


class NotToday(Rejected):
    """A rule that both areas know."""


@row(table="note_row", key=("tenant_id", "id"))
@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRow:
    tenant_id: UUID
    id: UUID


def router(path: str) -> APIRouter:
    made = APIRouter(prefix="/things")

    @made.post(path)
    async def do() -> None: ...

    return made


def aggregate(kind: str) -> Aggregate[Any, Any]:
    return Aggregate(kind, initial=None, evolve=lambda s, e: s, account_of=lambda event: None)


def read_model(name: str, *rows: type) -> Projection:
    return Projection(name, (), rows, lambda events: (), lambda rows, events: rows)


def effect(name: str) -> Any:
    return SimpleNamespace(__name__=f"home.{name}", HEARS=Happened, perform=lambda ports: None)


def react(recorded: object, facts: object) -> tuple[()]:
    return ()


TWICE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("event x.happened.v1", {"events": {"x.happened.v1": Happened}},
     {"events": {"x.happened.v1": DoIt}}),
    ("aggregate thing", {"aggregates": [aggregate("thing")]}, {"aggregates": [aggregate("thing")]}),
    ("handler DoIt", {"handlers": {DoIt: print}}, {"handlers": {DoIt: print}}),
    ("read model things", {"read_models": [read_model("things")]},
     {"read_models": [read_model("things")]}),
    ("table note_row", {"read_models": [read_model("things", NoteRow)]},
     {"read_models": [read_model("others", NoteRow)]}),
    ("table note", {"private_tables": ["note"]}, {"private_tables": ["note"]}),
    ("reaction when_a_b", {"reactions": [Reaction("when_a_b", Happened, react)]},
     {"reactions": [Reaction("when_a_b", Happened, react)]}),
    ("effect when_a_c", {"effects": [effect("when_a_c")]}, {"effects": [effect("when_a_c")]}),
    (r"route POST /things/\{\}:do", {"routes": [router("/{id}:do")]},
     {"routes": [router("/{number}:do")]}),
    ("rejection NotToday", {"rejections": {NotToday: 409}}, {"rejections": {NotToday: 422}}),
]  # fmt: skip


class TestJoin:
    @pytest.mark.parametrize(("what", "first", "second"), TWICE, ids=[one[0] for one in TWICE])
    def test_refuses_what_two_areas_declare_and_names_both(
        self, what: str, first: dict[str, Any], second: dict[str, Any]
    ) -> None:
        areas = [Area(name="upper", **first), Area(name="lower", **second)]

        with pytest.raises(DeclaredTwice, match=f"^{what}: declared by upper and by lower$"):
            join("toy", areas, subscribes_to={})

    def test_takes_the_same_rejection_from_two_areas(self) -> None:
        areas = [Area(name=name, rejections={NotToday: 409}) for name in ("upper", "lower")]

        assert join("toy", areas, subscribes_to={}).problems == {NotToday: 409}

    def test_takes_two_methods_of_one_path(self) -> None:
        reading = APIRouter(prefix="/things")

        @reading.get("")
        async def show() -> None: ...

        areas = [Area(name="upper", routes=[router("")]), Area(name="lower", routes=[reading])]

        assert len(join("toy", areas, subscribes_to={}).routers) == 2
