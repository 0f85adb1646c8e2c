"""Leases as a consumer sees them, without a database."""

from __future__ import annotations

from collections.abc import Mapping

from shared.platform.signals import Signal


class Owned:
    """Leases that hold partition 0, and never change."""

    def __init__(self) -> None:
        self.changed = Signal()

    def held(self, worker: str) -> Mapping[int, int]:
        return {0: 1}
