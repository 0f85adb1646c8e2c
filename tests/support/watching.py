"""Watches what a process costs and says: its share of a core, its memory, its log."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
KIB_PER_MIB: Final = 1024
# What two tellings of the same line do not have in common.
_VARIES: Final = frozenset(
    ("timestamp", "request_id", "duration_ms", "kept_back", "exc_info", "exception")
)


def cpu_s(pid: int) -> float:
    """Reads the seconds of a core used so far, in user and kernel mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def cpu_of_tree_s(pid: int) -> float:
    """Adds up a process and all that it started; what ended counts for its parent."""
    found = cpu_s(pid)
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        found += sum(cpu_of_tree_s(int(child)) for child in children.read_text().split())
    return found


def rss_mib(pid: int) -> float:
    """Memory of a process that is in RAM."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / KIB_PER_MIB
    raise AssertionError(f"{pid} has no memory")


class Spent(NamedTuple):
    """Of one process over some time."""

    core_share: float
    grown_mib: float


class Meter:
    """Of several processes at once, from its making to `read`. They must not be started anew."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = dict(pids)
        self._started_s = time.monotonic()
        self._before = {name: (cpu_s(pid), rss_mib(pid)) for name, pid in self._pids.items()}

    def read(self) -> Mapping[str, Spent]:
        took_s = time.monotonic() - self._started_s
        found: dict[str, Spent] = {}
        for name, pid in self._pids.items():
            cpu_before_s, rss_before_mib = self._before[name]
            found[name] = Spent((cpu_s(pid) - cpu_before_s) / took_s, rss_mib(pid) - rss_before_mib)
        return found


class Listener:
    """Reads what is written to a log from now on."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._from = log.stat().st_size if log.exists() else 0

    def lines(self) -> Sequence[str]:
        with self._log.open("rb") as file:
            file.seek(self._from)
            return file.read().decode(errors="replace").splitlines()

    def said(self) -> Counter[tuple[str, str]]:
        """Counts (level, event) of the lines; a line that is no JSON stands for itself."""
        return Counter(_kind(line) for line in self.lines())

    def repeated(self) -> Counter[str]:
        """Counts lines by all that they say, but for when."""
        return Counter(_whole(line) for line in self.lines())


def _parsed(line: str) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {"level": "plain", "event": line}
    return found if isinstance(found, dict) else {"level": "plain", "event": line}


def _kind(line: str) -> tuple[str, str]:
    found = _parsed(line)
    return str(found.get("level")), str(found.get("event"))


def _whole(line: str) -> str:
    facts = {name: value for name, value in _parsed(line).items() if name not in _VARIES}
    return json.dumps(facts, sort_keys=True)
