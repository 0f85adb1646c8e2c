"""The words of the platform are the field's: what a newcomer could not say in a mail is no name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
# The word to use instead stands in shared/style.md.
REFUSED: Final = frozenset(
    [
        "bell",
        "ear",
        "rang",
        "ring",
        "rings",
        "sparing",
        "wish",
        "wishes",
        "hearing",
        "performer",
        "commanding",
        "purse",
        "purses",
        "till",
    ]
)
REFUSED_BUT_IN_SENTENCES: Final = frozenset({"heard", "told", "cutting", "spoken"})
# As progress; as a transaction: in dunning a deed is a notice, a task, an alert or a case.
REFUSED_IN_SHARED: Final = frozenset({"seen", "deed", "deeds"})
REFUSED_CLASSES_IN_SHARED: Final = frozenset({"Fresh", "Kept", "Line", "Reading", "Seen"})
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

MODULES: Final = sorted(
    path.relative_to(ROOT)
    for folder in ("services", "shared", "tests", "deploy")
    for path in (ROOT / folder).rglob("*.py")
)


def words(name: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(name)}


def names_bound(source: str) -> Iterator[str]:
    """Every name that a module gives to something."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name
            case ast.AsyncFunctionDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case ast.alias(asname=str(name)):
                yield name
            case _:
                pass


def refused(path: Path, source: str) -> set[str]:
    """The names of a module that have a word which is not the field's."""
    names = {*path.with_suffix("").parts, *names_bound(source)}
    is_shared = path.parts[0] == "shared"
    bad = REFUSED | REFUSED_IN_SHARED if is_shared else REFUSED
    sentences = {name for name in names if name.startswith("test_")}
    found = {name for name in names if words(name) & bad}
    found |= {name for name in names - sentences if words(name) & REFUSED_BUT_IN_SENTENCES}
    return found | (names & REFUSED_CLASSES_IN_SHARED if is_shared else set())


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_names_are_words_of_the_field(path: Path) -> None:
    assert refused(path, (ROOT / path).read_text("utf-8")) == set()


@pytest.mark.parametrize(
    ("path", "source", "found"),
    [
        ("services/cli/client/wishes.py", "", {"wishes"}),
        ("shared/platform/log/memory.py", "self._ear = Listener()", {"_ear"}),
        ("shared/platform/subscription/progress.py", "class Seen: ...", {"Seen"}),
        ("shared/platform/x.py", "def wait_seen(seen: int): ...", {"wait_seen", "seen"}),
        ("shared/platform/x.py", "class Kept: ...", {"Kept"}),
        ("shared/platform/x.py", "from y import throttled as sparing", {"sparing"}),
        ("shared/platform/x.py", "async def heard(): ...", {"heard"}),
        ("tests/x.py", "def test_is_told_once(): told = 1", {"told"}),
        ("services/dunning/work/domain/promise/state.py", "class Kept: ...", set()),
        ("services/x.py", "until = during = HEARS = seen = 1", set()),
    ],
)
def test_a_word_that_is_not_the_field_s_is_found(path: str, source: str, found: set[str]) -> None:
    assert refused(Path(path), source) == found
