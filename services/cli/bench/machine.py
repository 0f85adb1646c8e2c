"""The machine that a bench ran on, as far as its speed depends on it. Names no path of it."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.platform.database.embedded.account import PROBE_TIMEOUT_S, Account
from shared.platform.database.embedded.binaries import find_binaries

GIB: Final = 1024**3
CPU_FACTS: Final = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Machine:
    """What somebody must know of a machine to compare another with it."""

    processors: int
    processor: str
    memory_gib: float
    system: str
    python: str
    postgresql: str
    load: float  # Of the last minute: how many others wanted its processors.

    @classmethod
    def this(cls) -> Machine:
        """Looks at the machine we run on."""
        return cls(
            processors=os.cpu_count() or 1,
            processor=_processor(),
            memory_gib=_memory_bytes() / GIB,
            system=f"{platform.system()} {platform.machine()}",
            python=f"{platform.python_implementation()} {platform.python_version()}",
            postgresql=_postgresql(),
            load=os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0,
        )

    def facts(self) -> Sequence[tuple[str, str]]:
        """Each with its name."""
        return [
            ("processors", f"{self.processors}, {self.processor}"),
            ("memory", f"{self.memory_gib:.1f} GiB"),
            ("system", self.system),
            ("Python", self.python),
            ("PostgreSQL", self.postgresql),
            ("load when it began", f"{self.load:.1f}"),
        ]


def _processor() -> str:
    try:
        lines = CPU_FACTS.read_text("utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or "of unknown kind"


def _memory_bytes() -> int:
    """Zero where the system does not say it."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0


def _postgresql() -> str:
    """What the server that is brought along, or that is on PATH, calls itself."""
    account = Account.for_data(Path())
    program = find_binaries(account).program("postgres")
    said = account.run([str(program), "--version"], timeout_s=PROBE_TIMEOUT_S)
    return said.stdout.strip().removeprefix("postgres (PostgreSQL) ")
