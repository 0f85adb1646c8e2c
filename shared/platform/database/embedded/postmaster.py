"""Finds the server process of a data folder. Refuses to take a reused process id for one."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PID_FILE: Final = "postmaster.pid"
PROCESS_LIST_TIMEOUT_S: Final = 10.0  # for the list of processes


@dataclass(frozen=True)
class Postmaster:
    """What the server wrote about itself; the later lines come while it starts."""

    pid: int
    data: str
    port: int | None
    socket_folder: Path | None
    ready: bool


def running(data: Path) -> Postmaster | None:
    """The live server of this data folder."""
    noted = noted_in(data)
    return noted if noted is not None and is_server(noted) else None


def noted_in(data: Path) -> Postmaster | None:
    try:
        lines = [line.strip() for line in (data / PID_FILE).read_text().splitlines()]
    except OSError:
        return None
    if len(lines) < 2 or not lines[0].lstrip("-").isdigit():
        return None
    port = lines[3] if len(lines) > 3 else ""
    socket_folder = lines[4] if len(lines) > 4 else ""
    return Postmaster(
        pid=abs(int(lines[0])),
        data=lines[1],
        port=int(port) if port.isdigit() else None,
        socket_folder=Path(socket_folder) if socket_folder else None,
        ready=len(lines) > 7 and lines[7] == "ready",
    )


def is_server(noted: Postmaster) -> bool:
    """Says whether the process is a server of that data; after a reboot the id may be anybody's."""
    words = _command_line(noted.pid)
    return bool(words) and "postgres" in words[0] and any(noted.data in word for word in words[1:])


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _command_line(pid: int) -> list[str]:
    if sys.platform == "linux":
        # Readable by all, unlike the working folder; empty for a dead process not yet collected.
        try:
            raw = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return []
        return [os.fsdecode(word) for word in raw.split(b"\0") if word]
    listed = subprocess.run(
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=PROCESS_LIST_TIMEOUT_S,
        check=False,
    )
    first, _, rest = listed.stdout.strip().partition(" ")
    return [first, rest] if first else []
