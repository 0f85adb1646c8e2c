"""Reads files that are made from the code and committed with it."""

from __future__ import annotations

import os
from pathlib import Path

WRITES = bool(os.environ.get("DUEBOOK_WRITE_GOLDEN"))


def committed(path: Path, made: str) -> str:
    """Reads what is committed; `make golden` writes what the code makes now."""
    if WRITES:
        path.parent.mkdir(exist_ok=True)
        path.write_text(made, "utf-8")
    return path.read_text("utf-8")
