"""Runs a Duebook in another process: started, killed and started again on the same data."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx

from tests.support.digest import socket_url

ROOT: Final = Path(__file__).parents[2]
CLI: Final = (sys.executable, "-m", "services.cli.main")
READY_S_MAX: Final = 60.0
STOP_S_MAX: Final = 15.0
VERIFY_S_MAX: Final = 600.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """Runs `duebook up` on a data folder; output goes to a file beside it.

    Without the start of a manual clock it runs by the system's.
    """

    def __init__(self, folder: Path, clock_start: str | None, port: int | None = None) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._clock_start = clock_start
        self._process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    @property
    def log(self) -> Path:
        return self.folder.parent / f"{self.folder.name}.log"

    def start(self, environment: Mapping[str, str] | None = None) -> None:
        """Starts it, with these variables beside our own; returns when all services are ready."""
        arguments = ("up", "--port", str(self.port), "--data", str(self.folder))
        start = self._clock_start
        clock = () if start is None else ("--clock", "manual", "--clock-start", start)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*CLI, *arguments, *clock],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
            )
        self.starts += 1
        self._wait_ready()

    def kill(self) -> None:
        """Kills with -9: nothing is said, nothing is flushed."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> float:
        """Stops by SIGTERM and gives the seconds it took. Raises if it does not end cleanly."""
        assert self._process is not None
        started = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(STOP_S_MAX)
        if code not in (0, -signal.SIGTERM):
            raise AssertionError(f"exit status {code}\n{self.last_words()}")
        return time.monotonic() - started

    def database_url(self, service: str) -> str:
        """Gives the address on the embedded server, for the owner of everything."""
        return socket_url(self.folder, f"duebook_{service}")

    def verify(self) -> None:
        """Fails with what it said if anything differs."""
        verified = duebook("verify", "--data", str(self.folder), timeout_s=VERIFY_S_MAX)
        assert verified.returncode == 0, verified.stdout + verified.stderr

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """None while it lives."""
        return None if self._process is None else self._process.poll()

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-40:])

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + READY_S_MAX
        while time.monotonic() < deadline:
            if not self.is_alive:
                raise AssertionError(f"it ended before it was ready\n{self.last_words()}")
            try:
                answers = [
                    httpx.get(f"{self.url}/{service}/health/ready", timeout=2)
                    for service in ("ledger", "credit", "dunning")
                ]
                if all(answer.status_code == 200 for answer in answers):
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"not ready after {READY_S_MAX} s\n{self.last_words()}")


def duebook(
    *arguments: str, timeout_s: float = 900.0, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs one command of the command line; the caller looks at the exit status."""
    return subprocess.run(
        [*CLI, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
        env={**os.environ, **(environment or {})},
    )
