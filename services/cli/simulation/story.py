"""Runs a client command against a Duebook that has just come up in this process: the demo's driver.

It runs in a process of its own, so that asking does not take the answering one's time.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from asyncio.subprocess import Process
from collections.abc import Callable, Sequence
from typing import Final

GOODBYE_S: Final = 2.0  # seconds the command has to end when it is told to


class Story:
    """`begin` when the address answers, `end` before the loop ends. `status` is the command's."""

    def __init__(
        self, command: Sequence[str], *, ends_process: bool, on_success: Callable[[], None]
    ) -> None:
        self._command = command
        self._ends_process = ends_process
        self._on_success = on_success
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None
        self.status: int | None = None

    def begin(self, address: str) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(address))

    async def end(self) -> None:
        if self._task is None:
            return
        process = self._process
        if process is not None and process.returncode is None:
            process.terminate()
        done, _ = await asyncio.wait((self._task,), timeout=GOODBYE_S)
        if not done:
            if process is not None:
                process.kill()
            self._task.cancel()

    async def _run(self, address: str) -> None:
        self._process = await asyncio.create_subprocess_exec(*self._command, "--url", address)
        self.status = await self._process.wait()
        if self._ends_process or self.status != 0:
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            self._on_success()


def free_port(wanted: int) -> int:
    """The wanted one, else any other: somebody may be there already."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no port is free")
