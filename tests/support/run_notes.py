"""Notes that a test makes beside passing or failing; they are shown at the end of the run."""

from __future__ import annotations

from typing import Final

import pytest

_NOTES: Final = pytest.StashKey[list[str]]()


def note(config: pytest.Config, line: str) -> None:
    config.stash.setdefault(_NOTES, []).append(line)


def notes(config: pytest.Config) -> list[str]:
    return config.stash.get(_NOTES, [])
