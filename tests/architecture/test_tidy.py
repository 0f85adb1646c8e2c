"""Properties of the code itself. If one fails, change the code, not the number."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import pytest

from services.cli.installed import SERVICES

ROOT: Final = Path(__file__).parents[2]
NO_AREAS: Final = {"contract", "runtime", "migrations"}  # What every service has beside its areas.
LAYERS: Final = {
    "domain",
    "handlers",
    "reactions",
    "projections",
    "api",
    "effects",
    "adapters",
}
MODULE_LINES_MAX: Final = 400
FUNCTION_LINES_MAX: Final = 60
PURE_MAY_IMPORT: Final = re.compile(
    r"__future__|abc|bisect|calendar|collections(\.abc)?|dataclasses|datetime|decimal|enum|fractions"
    r"|functools|heapq|itertools|operator|re|types|typing|unicodedata|uuid|zoneinfo"
    r"|shared\.kernel(\..+)?|services\.\w+\.(contract|\w+\.domain)(\..+)?"
)
# Ids are hashes of one canonical text; time zones are read from a package, not from the host.
KERNEL_MAY_IMPORT: Final = re.compile(r"hashlib|json|importlib\.resources")

# Each pattern has a character class where it would find itself.
MACHINE_PATH: Final = re.compile(r"(?<![\w.])/(?:wor[k]|far[m]|roo[t]|hom[e]|User[s])/\w")
SHARED_FOLDER: Final = re.compile(r"\.\./share[d]")
INDEX_ADDRESS: Final = re.compile(
    r"index-ur[l]|find-link[s]|pypi\.or[g]|pythonhosted\.or[g]|GOPROX[Y]|registry[=]"
    r"|registry\.npmj[s]|<repositor[y]>|\"resolved\": \"htt[p]"
)
LEFT_UNDONE: Final = re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X])\b")
MAY_NAME_SHARED_FOLDER: Final = Path(".ci/run")

GENERATED: Final = re.compile(
    r"\.git|\.venv(-clients)?|\.\w+_cache|\.hypothesis|\.duebook|__pycache__|build"
)


def tree() -> Iterator[Path]:
    """Every file that people wrote, relative to the root."""
    for folder, inside, names in os.walk(ROOT):
        inside[:] = sorted(
            name
            for name in inside
            if not GENERATED.fullmatch(name) and not name.endswith(".egg-info")
        )
        yield from (Path(folder, name).relative_to(ROOT) for name in sorted(names))


FILES: Final = [path for path in tree() if path.name != ".git"]  # A worktree has a file .git.
MODULES: Final = [
    path for path in FILES if path.suffix == ".py" and path.parts[0] in {"services", "shared"}
]
TESTS: Final = [path for path in FILES if path.suffix == ".py" and path.parts[0] == "tests"]
PURE: Final = [path for path in MODULES if {"domain", "reactions", "kernel"} & set(path.parts)]
READMES: Final = [path for path in FILES if path.name == "README.md"]


def source_of(path: Path) -> str:
    return (ROOT / path).read_text("utf-8")


def imports_of(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source_of(module))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


def lines_with(pattern: re.Pattern[str], *, but: frozenset[Path] = frozenset()) -> list[str]:
    """Where the tree says what it must not, as path:line. Binary files say nothing."""
    found = []
    for path in FILES:
        content = (ROOT / path).read_bytes()
        if path in but or b"\0" in content:
            continue
        text = content.decode("utf-8", errors="replace")
        if pattern.search(text):
            found += [
                f"{path}:{number}"
                for number, line in enumerate(text.splitlines(), start=1)
                if pattern.search(line)
            ]
    return found


@pytest.mark.parametrize("module", PURE, ids=str)
def test_pure_code_imports_only_pure_code(module: Path) -> None:
    names = [name for name in imports_of(module) if not PURE_MAY_IMPORT.fullmatch(name)]
    if module.parts[:2] == ("shared", "kernel"):
        names = [name for name in names if not KERNEL_MAY_IMPORT.fullmatch(name)]

    assert names == []


@pytest.mark.parametrize("module", MODULES + TESTS, ids=str)
def test_modules_and_functions_fit_the_head(module: Path) -> None:
    source = source_of(module)
    long_functions = [
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno + 1 > FUNCTION_LINES_MAX
    ]

    assert long_functions == []
    assert source.count("\n") <= MODULE_LINES_MAX


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_shape(service: str) -> None:
    home = Path("services", service)
    below = [path.relative_to(home) for path in FILES if path.is_relative_to(home)]
    folders = {path.parts[0] for path in below if len(path.parts) > 1}
    layers = {
        path.parts[1] for path in below if path.parts[0] not in NO_AREAS and len(path.parts) > 2
    }

    assert folders >= NO_AREAS
    assert layers <= LAYERS
    assert [
        path for path in below if path.parts[0] == "migrations" and path.stem == "__init__"
    ] == []


def misuses(module: Path, names: Iterable[str]) -> list[str]:
    """What an area takes from another area of its service beyond rules, read models and views."""
    service, area, layer = module.parts[1:4]
    found = []
    for name in names:
        parts = name.split(".")
        if parts[:2] != ["services", service] or len(parts) < 4 or parts[2] in {area, *NO_AREAS}:
            continue
        may = {"domain"}
        if layer in {"api", "projections"}:
            may.add("projections")
        if layer == "api" and name.endswith("_view"):
            may.add("api")
        if parts[3] not in may:
            found.append(name)
    return found


IN_AREAS: Final = [
    path
    for path in MODULES
    if path.parts[1:2]
    and path.parts[1] in SERVICES
    and len(path.parts) > 4
    and path.parts[2] not in NO_AREAS
]


@pytest.mark.parametrize("module", IN_AREAS, ids=str)
def test_an_area_takes_only_rules_and_read_models_from_another(module: Path) -> None:
    assert misuses(module, imports_of(module)) == []


def test_what_an_area_must_not_take_is_found() -> None:
    module = Path("services/ledger/cash/api/payments.py")

    assert misuses(module, ["services.ledger.receivables.handlers"]) != []
    assert misuses(module, ["services.ledger.receivables.api.invoices"]) != []
    assert misuses(module, ["services.ledger.receivables.api.invoice_view"]) == []
    assert misuses(module, ["services.ledger.receivables.projections.invoices"]) == []
    assert (
        misuses(
            Path("services/ledger/cash/domain/allocation.py"),
            ["services.ledger.receivables.projections.invoices"],
        )
        != []
    )
    assert (
        misuses(
            Path("services/ledger/cash/projections/payments.py"),
            ["services.ledger.receivables.api.invoice_view"],
        )
        != []
    )


@pytest.mark.parametrize("readme", READMES, ids=str)
def test_every_path_named_in_a_readme_exists(readme: Path) -> None:
    named = re.findall(r"`((?:services|shared|tests|deploy)/[\w./-]+)", source_of(readme))

    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_init_is_empty() -> None:
    inits = [path for path in FILES if path.name == "__init__.py"]

    assert [str(path) for path in inits if (ROOT / path).stat().st_size > 0] == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert lines_with(MACHINE_PATH) == []


def test_only_the_build_machine_knows_the_shared_folder() -> None:
    assert lines_with(SHARED_FOLDER, but=frozenset({MAY_NAME_SHARED_FOLDER})) == []


def test_no_file_names_a_package_index() -> None:
    assert lines_with(INDEX_ADDRESS) == []


def test_nothing_is_left_undone() -> None:
    assert lines_with(LEFT_UNDONE) == []
