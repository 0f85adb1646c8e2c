"""What rows that compare with another library say where it is not installed."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Final

from services.cli.bench.lines import Line

PEER: Final = "peer"  # The database that it has on our server.
INSTALL: Final = "pip install --no-build-isolation -e '.[bench]'"


def library() -> ModuleType | None:
    """What works with the library; None where the extra is not installed."""
    try:
        return import_module("services.cli.bench.peer_library")
    except ModuleNotFoundError:
        return None


def not_installed(row: str) -> Line:
    """The line of a row that cannot be measured."""
    return Line(name=row, note=f"needs the eventsourcing library: {INSTALL}")
