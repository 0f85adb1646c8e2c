"""The README is true: its settings, its commands and its example are those of the code."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any, Final

import pytest
import typer.main

from services.cli.commands.settings import settings_table
from services.cli.importing.ledger_file import read_file
from services.cli.importing.ledger_map import read_map
from services.cli.main import app

ROOT: Final = Path(__file__).parents[2]
README: Final = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


LINES: Final = [line.partition(" #")[0] for block in blocks("sh") for line in block.splitlines()]
COMMANDS: Final = [shlex.split(line)[1:] for line in LINES if line.startswith("duebook ")]
TARGETS: Final = re.findall(r"(?:^|`)make (\w+)", README, re.MULTILINE)


def test_lists_every_setting_exactly() -> None:
    rows = [line for line in README.splitlines() if line.startswith("| `DUEBOOK_")]

    assert rows == settings_table().splitlines()[2:]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_names_commands_that_can_be_given(words: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    left = [*words]
    while hasattr(command, "commands"):
        command = command.commands[left.pop(0)]

    assert command.make_context(command.name, left).params  # Refuses an option it does not have.


def test_names_targets_that_make_has() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")

    assert TARGETS
    assert [name for name in TARGETS if f"\n{name}: " not in makefile] == []


def test_sets_variables_that_are_settings() -> None:
    known = {line.split("`")[1] for line in settings_table().splitlines()[2:]} | {"DUEBOOK_URL"}
    exported = [line.split()[1].partition("=")[0] for line in LINES if line.startswith("export ")]

    assert exported
    assert [name for name in exported if name not in known] == []


def test_every_sh_line_is_checked() -> None:
    checked = ("duebook ", "make ", "export ", "python3 deploy/kafka/kafka.py start --port-base ")

    assert [line for line in LINES if not line.startswith(checked)] == []


def test_the_example_can_be_imported(tmp_path: Path) -> None:
    ledger, ledger_map = tmp_path / "ledger.csv", tmp_path / "ledger.toml"
    ledger.write_text(blocks("csv")[0], "utf-8")
    ledger_map.write_text(blocks("toml")[0], "utf-8")

    read = read_file(ledger, read_map(ledger_map))

    assert [line.number for line in read.lines] == ["2026-0001", "2026-0002"]
    assert not read.refusals


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#\w+)?\)", README)

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
