"""Dunning as a process runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from services.dunning.runtime.settings import Settings
from services.dunning.runtime.wiring import NAME, service
from shared.platform.hosting.runtime import Runtime

RUNTIME: Final = Runtime(
    name=NAME,
    settings=Settings,
    make=service,
    migrations=Path(__file__).parents[1] / "migrations",
)
