"""What is kept of the calm story is for the same source only."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.calm import Calm, keep, kept, key_of
from tests.support.ibm_story import Outcome

CALM = Calm(
    Outcome(
        digests={"ledger": "a"}, alerts=[("raised", "1", 30, "2012-01-01")], notices=2, tasks=3
    ),
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "module.py").write_text("one = 1\n")
    return folder


class TestKept:
    def test_comes_back_as_it_was(self, tmp_path: Path) -> None:
        keep(CALM, tmp_path / "kept.json", "the same")

        assert kept(tmp_path / "kept.json", "the same") == CALM

    def test_is_nothing_for_another_key_or_without_a_file(self, tmp_path: Path) -> None:
        keep(CALM, tmp_path / "kept.json", "the same")

        assert kept(tmp_path / "kept.json", "another") is None
        assert kept(tmp_path / "missing.json", "the same") is None


class TestKey:
    def test_is_the_same_for_the_same_files(self, source: Path) -> None:
        before = key_of([source], [])
        (source / "__pycache__").mkdir()
        (source / "__pycache__" / "module.pyc").write_bytes(b"\0")

        assert key_of([source], []) == before

    def test_changes_with_every_byte_name_and_word(self, source: Path) -> None:
        keys = [key_of([source], []), key_of([source], ["3.11"])]
        (source / "module.py").write_text("one = 2\n")
        keys.append(key_of([source], []))
        (source / "module.py").rename(source / "other.py")
        keys.append(key_of([source], []))
        (source / "empty.sql").touch()
        keys.append(key_of([source], []))

        assert len(set(keys)) == len(keys)
