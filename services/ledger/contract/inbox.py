"""What the ledger hears from other services: nothing yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SUBSCRIBES_TO: Final[Mapping[str, type]] = {}
