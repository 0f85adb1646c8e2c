"""Keeps what the undisturbed IBM story came to, for the tests that disturb it.

It takes minutes to live through, and the journeys do so just before. What is kept is only for the
very same source, data and Python: whatever could have shaped it is in its key.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tests.support.data_folders import data_folder
from tests.support.ibm_story import CLOCK_START, Lived, Outcome, data_file, live_through
from tests.support.running import ROOT, Running

KEPT: Final = ROOT / ".duebook" / "calm-ibm-story.json"
SHAPED_BY: Final = (
    *("services", "shared", "tests/journeys", "tests/support"),
    *("pyproject.toml", "requirements.lock"),
)
NOT_SOURCE: Final = "__pycache__"
NOT_SHAPING: Final = "DUEBOOK_REAL_DATA"  # Where the data lies; what it says is in the key.


@dataclass(frozen=True)
class Calm:
    outcome: Outcome


@contextmanager
def living() -> Iterator[Lived]:
    """Lives through the story in one process of our own, which stays when it has ended."""
    source = key()  # Before it runs: what is edited meanwhile does not match.
    with data_folder() as folder:
        running = Running(folder, CLOCK_START)
        running.start()
        try:
            story = live_through(running)
            keep(Calm(story.outcome), KEPT, source)
            yield story
            story.book.close()
        finally:
            running.stop()
            running.log.unlink(missing_ok=True)


def calm_story() -> Calm:
    """Gives the kept story; lives through it now if nothing, or something else, was kept."""
    found = kept(KEPT, key())
    if found is None:
        with living() as story:
            found = Calm(story.outcome)
    return found


def key() -> str:
    settings = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("DUEBOOK_") and name != NOT_SHAPING
    }
    places = [*(ROOT / name for name in SHAPED_BY), data_file()]
    return key_of(places, [sys.version, json.dumps(settings, sort_keys=True)])


def key_of(places: Iterable[Path], words: Iterable[str]) -> str:
    """Hashes every file there and below, its name and its bytes, and these words."""
    found = hashlib.sha256("\n".join(words).encode())
    for place in places:
        files = [place] if place.is_file() else sorted(place.rglob("*"))
        for path in files:
            if path.is_file() and NOT_SOURCE not in path.parts:
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                found.update(f"{path.relative_to(place.parent)} {content}\n".encode())
    return found.hexdigest()


def keep(calm: Calm, path: Path, key: str) -> None:
    path.parent.mkdir(exist_ok=True)
    unprocessed = path.with_suffix(f".{os.getpid()}")
    unprocessed.write_text(json.dumps({"key": key, **asdict(calm)}, ensure_ascii=False), "utf-8")
    unprocessed.replace(path)


def kept(path: Path, key: str) -> Calm | None:
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    if found["key"] != key:
        return None
    said = found["outcome"]
    alerts = [(event, number, days, on) for event, number, days, on in said["alerts"]]
    return Calm(Outcome(**(said | {"alerts": alerts})))
