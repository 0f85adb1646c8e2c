"""The tables of a service's README are those of its areas; `make golden` writes them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

from services.cli.installed import SERVICES
from tests.support.area_tables import BLOCK, with_tables
from tests.support.committed import committed

ROOT: Final = Path(__file__).parents[2]


def readme_of(service: str) -> Path:
    return ROOT / "services" / service / "README.md"


def made(service: str, text: str) -> str:
    areas = import_module(f"services.{service}.runtime.wiring").AREAS
    inbox = import_module(f"services.{service}.contract.inbox").SUBSCRIBES_TO
    return with_tables(text, service, areas, inbox)


@pytest.mark.parametrize("service", SERVICES)
class TestReadme:
    def test_has_the_tables_of_the_areas(self, service: str) -> None:
        text = made(service, readme_of(service).read_text("utf-8"))

        assert committed(readme_of(service), text) == text

    def test_has_a_sentence_for_everything_in_them(self, service: str) -> None:
        cells = [
            cell
            for found in BLOCK.finditer(readme_of(service).read_text("utf-8"))
            for line in found[0].splitlines()
            if line.startswith("|")
            for cell in line.split("|")[1:-1]
        ]

        assert cells
        assert [cell for cell in cells if not cell.strip()] == []

    def test_a_table_that_was_changed_by_hand_is_found(self, service: str) -> None:
        text = readme_of(service).read_text("utf-8")
        changed = BLOCK.sub(lambda found: f"{found[1]}\nby hand\n\n{found[3]}", text)

        assert changed != text
        assert made(service, changed) == text


@pytest.mark.parametrize("service", SERVICES)
def test_all_readmes_have_the_same_headings(service: str) -> None:
    text = readme_of(service).read_text("utf-8")

    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == [
        "Owns",
        "Words",
        "Commands",
        "Events",
        "Reactions and effects",
        "Read models",
        "Hears",
        "Limits",
    ]
