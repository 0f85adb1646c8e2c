"""Every test is in a layer: `tests/layers.py` looks for journeys and faults only where they are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
FOLDERS: Final = {"journey": {"journeys"}, "faults": {"faults", "journeys"}}  # by mark
MARK: Final = re.compile(r"\bmark\.(\w+)")


def test_journeys_and_faults_are_where_their_layers_look() -> None:
    found = {
        (mark, path.relative_to(ROOT / "tests").parts[0])
        for path in (ROOT / "tests").rglob("test_*.py")
        for mark in MARK.findall(path.read_text("utf-8"))
        if mark in FOLDERS
    }

    assert {mark for mark, _ in found} == set(FOLDERS)
    assert [(mark, folder) for mark, folder in found if folder not in FOLDERS[mark]] == []
