"""The import contracts bite: every violation planted in a copy of the tree breaks the build."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
LINT: Final = (
    "from importlinter.cli import lint_imports_command as lint; lint(['--no-logo'])",
    "lint-imports",
)

SIDEWAYS: Final = "A service never imports another service"
LAYERS: Final = "Inside every area"
AREAS: Final = "Areas of ledger"
COMMAND_LINE: Final = "Only the command line"
WORDS: Final = "A domain knows no words"
SHARED: Final = "shared knows no service"
KERNEL: Final = "shared.kernel knows no platform"
PURE: Final = "Domain, reactions and kernel do no IO"
PICKED: Final = "Only a service's runtime picks Kafka or Postgres"
ONE_FILE: Final = "aiokafka is imported in one file"

LEDGER: Final = "services/ledger"
REACTION: Final = "services/dunning/*/reactions/*.py"


@dataclass(frozen=True)
class Plant:
    story: str
    where: str  # A path or a pattern; the first match that is no __init__.py.
    line: str
    breaks: str


PLANTS: Final = (
    Plant(
        "a reaction imports another service",
        REACTION,
        "from services.ledger.contract import inbox",
        SIDEWAYS,
    ),
    Plant(
        "a domain imports a handler",
        f"{LEDGER}/receivables/domain/invoice/state.py",
        "from services.ledger.receivables.handlers import invoice",
        LAYERS,
    ),
    Plant(
        "an api imports the runtime",
        f"{LEDGER}/receivables/api/invoices.py",
        "from services.ledger.runtime import wiring",
        AREAS,
    ),
    Plant(
        "a projection imports a handler",
        f"{LEDGER}/receivables/projections/invoices.py",
        "from services.ledger.receivables.handlers import invoice",
        LAYERS,
    ),
    Plant(
        "a handler imports a view",
        f"{LEDGER}/receivables/handlers/invoice.py",
        "from services.ledger.receivables.api import invoice_view",
        LAYERS,
    ),
    Plant(
        "a domain imports sqlalchemy",
        f"{LEDGER}/receivables/domain/invoice/decide.py",
        "import sqlalchemy",
        PURE,
    ),
    Plant(
        "a domain imports time",
        f"{LEDGER}/receivables/domain/invoice/decide.py",
        "import time",
        PURE,
    ),
    Plant(
        "a domain imports the store port",
        f"{LEDGER}/receivables/domain/invoice/decide.py",
        "from shared.platform.store import port",
        PURE,
    ),
    Plant(
        "the kernel imports the platform",
        "shared/kernel/money.py",
        "from shared.platform.log import port",
        KERNEL,
    ),
    Plant(
        "shared imports a service",
        "shared/platform/outbox/relay.py",
        "from services.ledger.contract import inbox",
        SHARED,
    ),
    Plant(
        "a handler picks Kafka",
        f"{LEDGER}/receivables/handlers/invoice.py",
        "from shared.platform.log import kafka",
        PICKED,
    ),
    Plant(
        "an api imports aiokafka",
        f"{LEDGER}/receivables/api/invoices.py",
        "import aiokafka",
        ONE_FILE,
    ),
    Plant("a module beside the folders", f"{LEDGER}/utils.py", "ANSWER = 42", AREAS),
    Plant("a module beside the layers", f"{LEDGER}/cash/utils.py", "ANSWER = 42", LAYERS),
    Plant(
        "an area imports the one above it",
        f"{LEDGER}/receivables/domain/aging.py",
        "from services.ledger.cash.domain import allocation",
        AREAS,
    ),
    Plant(
        "a service imports the command line",
        f"{LEDGER}/runtime/wiring.py",
        "from services.cli import main",
        COMMAND_LINE,
    ),
    Plant(
        "a domain imports the inbox",
        f"{LEDGER}/cash/domain/allocation.py",
        "from services.ledger.contract import inbox",
        WORDS,
    ),
    Plant("a reaction imports asyncio", REACTION, "import asyncio", PURE),
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy to plant in."""
    copy = tmp_path_factory.mktemp("tree")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for package in ("services", "shared"):
        shutil.copytree(
            ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    return copy


def lint(tree: Path) -> tuple[int, list[str]]:
    """The exit code, and the lines of the contracts that are broken."""
    done = subprocess.run(
        [sys.executable, "-c", *LINT],
        cwd=tree,
        env={"PYTHONPATH": str(tree), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Contracts:" in done.stdout, done.stdout + done.stderr
    return done.returncode, [line for line in done.stdout.splitlines() if "BROKEN" in line]


def target(tree: Path, where: str) -> Path:
    """The module to plant in. Only the forbidden module beside the folders may be new."""
    found = sorted(path for path in tree.glob(where) if path.name != "__init__.py")
    return found[0] if found else tree / where


def test_the_tree_as_it_is_keeps_every_contract(tree: Path) -> None:
    assert lint(tree) == (0, [])


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.story)
def test_a_planted_violation_breaks_its_contract(tree: Path, plant: Plant) -> None:
    module = target(tree, plant.where)
    before = module.read_text("utf-8") if module.exists() else None
    module.write_text(f"{before or ''}\n{plant.line}\n", "utf-8")
    try:
        code, broken = lint(tree)
    finally:
        if before is None:
            module.unlink()
        else:
            module.write_text(before, "utf-8")

    assert code == 1
    assert [line for line in broken if line.startswith(plant.breaks)] != []
