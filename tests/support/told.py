"""What a test has to say beside whether it passed; shown at the end of the run."""

from __future__ import annotations

from typing import Final

import pytest

_TOLD: Final = pytest.StashKey[list[str]]()


def tell(config: pytest.Config, line: str) -> None:
    config.stash.setdefault(_TOLD, []).append(line)


def told(config: pytest.Config) -> list[str]:
    return config.stash.get(_TOLD, [])
