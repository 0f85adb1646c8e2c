"""The same thing has the same name and the same form in every service."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from services.cli.installed import RUNTIMES, SERVICES

ROOT: Final = Path(__file__).parents[2]


def modules(layer: str) -> list[Path]:
    return sorted(
        path.relative_to(ROOT)
        for service in SERVICES
        for path in (ROOT / "services" / service).glob(f"*/{layer}/**/*.py")
        if path.stem != "__init__"
    )


def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text("utf-8"))


def bound(path: Path) -> set[str]:
    """The names a module binds at its top level."""
    return set(_names(tree(path)))


def _names(module: ast.Module) -> Iterator[str]:
    for node in module.body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.Assign():
                yield from (target.id for target in node.targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case _:
                pass


def row_classes(path: Path) -> list[str]:
    return [
        node.name
        for node in tree(path).body
        if isinstance(node, ast.ClassDef)
        and any(
            isinstance(each, ast.Call) and ast.unparse(each.func) == "row"
            for each in node.decorator_list
        )
    ]


@pytest.mark.parametrize("path", modules("projections"), ids=str)
def test_a_module_that_folds_declares_a_read_model(path: Path) -> None:
    if "fold" in bound(path):
        assert {"READ_MODEL", "needs"} <= bound(path)


@pytest.mark.parametrize("path", modules("projections"), ids=str)
def test_rows_are_called_rows_and_tables_are_made_from_them_alone(path: Path) -> None:
    assert [name for name in row_classes(path) if not name.endswith("Row")] == []
    assert "sa.Table(" not in (ROOT / path).read_text("utf-8")


@pytest.mark.parametrize("path", modules("reactions"), ids=str)
def test_a_reaction_says_what_it_hears_and_how_it_reacts(path: Path) -> None:
    assert path.stem.startswith("when_")
    assert {"HEARS", "react"} <= bound(path)


@pytest.mark.parametrize("path", modules("effects"), ids=str)
def test_an_effect_says_what_it_hears_and_what_it_does(path: Path) -> None:
    assert path.stem.startswith("when_")
    assert {"HEARS", "perform"} <= bound(path)


@pytest.mark.parametrize(
    "path",
    [path for path in modules("domain") if path.stem == "decide"],
    ids=str,
)
def test_every_command_is_decided_with_its_day(path: Path) -> None:
    """A decide function takes a command first, and returns Decided."""
    returns = {
        node.name: ast.unparse(node.returns) if node.returns else ""
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef)
        and node.args.args
        and node.args.args[0].arg == "command"
        and not node.name.startswith("_")
    }

    assert {name: said for name, said in returns.items() if said != "Decided[events.Event]"} == (
        PARTS_OF_DECISIONS.get(str(path), {})
    )


# What a payment and its invoices do together is decided, with the day, in allocation.py.
PARTS_OF_DECISIONS: Final = {
    "services/ledger/cash/domain/payment/decide.py": {"reverse": "Sequence[events.Event]"}
}


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_runtime(service: str) -> None:
    home = Path("services", service)

    assert {"NAME", "AREAS", "service"} <= bound(home / "runtime/wiring.py")
    assert {"RUNTIME"} <= bound(home / "runtime/http.py")
    assert "Settings" in bound(home / "runtime/settings.py")
    assert "SUBSCRIBES_TO" in bound(home / "contract/inbox.py")
    assert (ROOT / home / "runtime/wiring.py").read_text("utf-8").count("\n") < 60


@pytest.mark.parametrize("service", SERVICES)
def test_settings_of_a_service_stand_under_its_name(service: str) -> None:
    settings = RUNTIMES[service].settings

    assert settings.model_config.get("env_prefix") == f"DUEBOOK_{service.upper()}_"
    assert RUNTIMES[service].name == service


@pytest.mark.parametrize(
    "path", sorted(path.relative_to(ROOT) for path in (ROOT / "shared").rglob("*.py")), ids=str
)
def test_shared_code_names_no_service(path: Path) -> None:
    name = re.compile(rf"(?<![a-z])({'|'.join(SERVICES)})(?![a-z])", re.IGNORECASE)

    assert name.findall((ROOT / path).read_text("utf-8")) == []


def test_every_service_and_area_stands_in_the_import_contracts() -> None:
    contracts = {
        one["id"]: one
        for one in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"][
            "importlinter"
        ]["contracts"]
    }
    areas = {
        ".".join(path.relative_to(ROOT).parent.parts)
        for service in SERVICES
        for path in (ROOT / "services" / service).glob("*/area.py")
    }

    assert set(contracts["services-independent"]["modules"]) == {f"services.{s}" for s in SERVICES}
    assert {f"areas-of-{service}" for service in SERVICES} <= set(contracts)
    assert set(contracts["layers"]["containers"]) == areas
