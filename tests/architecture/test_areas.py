"""An area names all that is in its folder, and nothing that is not."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import takewhile
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple

import pytest

from services.cli import installed
from shared.kernel.decider import Aggregate
from shared.platform.area import Area, join

ROOT: Final = Path(__file__).parents[2]
SERVICES: Final[Mapping[str, tuple[Area, ...]]] = {
    name: importlib.import_module(f"services.{name}.runtime.wiring").AREAS
    for name in installed.SERVICES
}
ALL: Final = [(service, area) for service, areas in SERVICES.items() for area in areas]
NO_AREAS: Final = {"contract", "runtime", "migrations"}


class Parts(NamedTuple):
    """What belongs to an area, by kind: names as the folder and as AREA have them."""

    read_models: set[str]
    checks: set[str]
    reactions: set[str]
    effects: set[str]
    routes: set[str]
    events: set[str]
    aggregates: set[str]


def modules_of(package: str) -> list[ModuleType]:
    """Every module below a package, imported; none where there is no such package."""
    folder = ROOT / package.replace(".", "/")
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted(folder.rglob("*.py"))
        if path.stem != "__init__"
    ]
    return [importlib.import_module(name) for name in names]


def last(name: str) -> str:
    return name.rpartition(".")[2]


def in_folder(service: str, area: str) -> Parts:
    home = f"services.{service}.{area}"
    domain = modules_of(f"{home}.domain")
    return Parts(
        {m.READ_MODEL.name for m in modules_of(f"{home}.projections") if hasattr(m, "READ_MODEL")},
        {m.CHECK.__name__ for m in modules_of(f"{home}.projections") if hasattr(m, "CHECK")},
        {last(m.__name__) for m in modules_of(f"{home}.reactions")},
        {last(m.__name__) for m in modules_of(f"{home}.effects")},
        {
            route.path + str(sorted(route.methods))
            for m in modules_of(f"{home}.api")
            if hasattr(m, "router")
            for route in m.router.routes
        },
        {
            kind.__qualname__
            for m in domain
            if last(m.__name__) == "events"
            for kind in events_in(m)
        },
        {
            value.kind
            for m in domain
            if last(m.__name__) == "decide"
            for value in vars(m).values()
            if isinstance(value, Aggregate) and value.evolve.__module__.startswith(f"{home}.")
        },
    )


def events_in(module: ModuleType) -> tuple[type, ...]:
    """The classes of its union Event; of one class alone, that."""
    union: Any = module.Event
    return (union,) if inspect.isclass(union) else union.__args__


def repeated(union: tuple[type, ...]) -> list[str]:
    """What each event of an aggregate begins with and declares by itself, as Event.field.

    A base's fields come first in the JSON, so only what all events begin with can stand in one.
    """
    if len(union) < 2:
        return []
    names = zip(*([each.name for each in fields(kind)] for kind in union), strict=False)
    common = list(takewhile(lambda row: len(set(row)) == 1, names))
    own = [(kind, name) for kind in union for name in inspect.get_annotations(kind)]
    return [f"{kind.__name__}.{name}" for kind, name in own if (name,) * len(union) in common]


def declared(area: Area) -> Parts:
    return Parts(
        {model.name for model in area.read_models},
        {check.__name__ for check in area.checks},
        {one.name for one in area.reactions},
        {last(module.__name__) for module in area.effects},
        {
            route.path + str(sorted(route.methods))  # type: ignore[attr-defined] # APIRoutes.
            for router in area.routes
            for route in router.routes
        },
        {kind.__qualname__ for kind in area.events.values()},
        {aggregate.kind for aggregate in area.aggregates},
    )


@pytest.mark.parametrize(("service", "area"), ALL, ids=lambda one: getattr(one, "name", one))
def test_an_area_names_what_is_in_its_folder_and_nothing_else(service: str, area: Area) -> None:
    assert declared(area) == in_folder(service, area.name)


@pytest.mark.parametrize(("service", "area"), ALL, ids=lambda one: getattr(one, "name", one))
def test_what_every_event_of_an_aggregate_begins_with_stands_in_their_base(
    service: str, area: Area
) -> None:
    modules = modules_of(f"services.{service}.{area.name}.domain")
    unions = [events_in(module) for module in modules if last(module.__name__) == "events"]

    assert [each for union in unions for each in repeated(union)] == []


def test_what_two_events_repeat_is_found() -> None:
    @dataclass(frozen=True)
    class Opened:
        account_id: int
        number: str

    @dataclass(frozen=True)
    class Closed:
        account_id: int

    assert repeated((Opened, Closed)) == ["Opened.account_id", "Closed.account_id"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_joins_all_its_areas(service: str) -> None:
    folders = {
        path.name
        for path in (ROOT / "services" / service).iterdir()
        if path.is_dir() and path.name not in {*NO_AREAS, "__pycache__"}
    }

    assert {area.name for area in SERVICES[service]} == folders


@pytest.mark.parametrize("part", Parts._fields)
def test_what_an_area_forgot_is_found(part: str) -> None:
    whole = in_folder("dunning", "work" if part not in ("effects",) else "notices")
    forgotten = whole._replace(**{part: set()})

    assert getattr(whole, part)
    assert forgotten != whole


@pytest.mark.parametrize("service", SERVICES)
def test_no_two_tables_or_indexes_of_a_service_have_one_name(service: str) -> None:
    tables = [
        model.table
        for area in SERVICES[service]
        for read_model in area.read_models
        for model in read_model.models
    ]
    names = [table.name for table in tables]
    names += [str(index.name) for table in tables for index in table.indexes]

    assert names
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("service", SERVICES)
def test_personal_data_goes_only_where_an_area_declared_a_table(service: str) -> None:
    code = "".join(
        path.read_text("utf-8") for path in (ROOT / "services" / service).glob("*/handlers/*.py")
    )
    used = set(re.findall(r'PrivateRow\("(\w+)"', code))

    assert used == {table for area in SERVICES[service] for table in area.private_tables}
    joined = join(service, SERVICES[service], subscribes_to={})
    assert joined.private_tables == used
