"""Writes the tables of a service's README from what its areas declare."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from shared.platform.area import Area
from shared.platform.service import Topics
from tests.support.resources import routes_of, writes

BLOCK: Final = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def with_tables(
    readme: str, service: str, areas: Sequence[Area], subscribes_to: Mapping[str, type]
) -> str:
    """Puts each table between its marks, `<!-- made: events -->` and `<!-- end -->`."""
    made = {
        "routes": _table(("route", "area"), _routes(areas)),
        "events": _table(("area", "events"), _events(service, areas)),
        "reactions": _table(("reaction or effect", "area", "in words"), _reactions(areas)),
        "read_models": _table(("read model", "area", "in words"), _read_models(areas)),
        "hears": _table(("service", "events"), _subscriptions(subscribes_to)),
    }
    assert sorted(found[2] for found in BLOCK.finditer(readme)) == sorted(made), service
    return BLOCK.sub(lambda found: f"{found[1]}{made[found[2]]}{found[3]}", readme)


def _routes(areas: Sequence[Area]) -> list[tuple[str, ...]]:
    return [
        (f"`POST {route.path}`", f"`{area.name}`")
        for area in areas
        for router in area.routes
        for route in routes_of(router)
        if writes(route)
    ]


def _events(service: str, areas: Sequence[Area]) -> list[tuple[str, ...]]:
    return [
        (
            f"`{area.name}`",
            ", ".join(f"`{_short(name)}`{_also_on(area, name)}" for name in area.events),
        )
        for area in areas
        if area.events
    ]


def _also_on(area: Area, name: str) -> str:
    topics = [Topics().public(topic) for topic, names in area.public.items() if name in names]
    return f" (also on `{', '.join(topics)}`)" if topics else ""


def _reactions(areas: Sequence[Area]) -> list[tuple[str, ...]]:
    found = [
        (one.name, area.name, _sentence(one.react)) for area in areas for one in area.reactions
    ]
    found += [
        (module.__name__.rpartition(".")[2], area.name, _sentence(module.perform))
        for area in areas
        for module in area.effects
    ]
    return [(f"`{name}`", f"`{area}`", words) for name, area, words in found]


def _read_models(areas: Sequence[Area]) -> list[tuple[str, ...]]:
    return [
        (f"`{one.name}`", f"`{area.name}`", _sentence(one.fold))
        for area in areas
        for one in area.read_models
    ]


def _subscriptions(subscribes_to: Mapping[str, type]) -> list[tuple[str, ...]]:
    by_service: dict[str, list[str]] = {}
    for name in subscribes_to:
        by_service.setdefault(name.partition(".")[0], []).append(f"`{_short(name)}`")
    return [(f"`{service}`", ", ".join(names)) for service, names in by_service.items()]


def _short(name: str) -> str:
    """Leaves out service and version of a type's name."""
    return name.partition(".")[2].rpartition(".")[0]


def _sentence(function: Any) -> str:
    """Takes the first line of the docstring of a function's module."""
    return (sys.modules[function.__module__].__doc__ or "").splitlines()[0]


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return "\nNone.\n\n"
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"
