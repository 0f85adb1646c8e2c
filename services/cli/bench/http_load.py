"""Load on an HTTP server, as much as one process can make.

Plain connections, requests made of bytes: a full HTTP client takes more time for a request than
the server does, and would measure itself.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, Self
from urllib.parse import urlsplit

from services.cli.bench.speeds import BenchFailed
from shared.platform.clock import monotonic_s

ANSWER_S_MAX: Final = 30.0  # for one answer
_LENGTH: Final = b"\r\ncontent-length:"
_END: Final = b"\r\n\r\n"

Question = Callable[[int], bytes]  # The whole request for a number that never comes again.


class LoadRefused(BenchFailed):
    """The server answered what nobody wanted to measure, or not at all."""


class Load:
    """So many connections, each of which asks, waits for the answer and asks again."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._lines: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._asked = 0

    @classmethod
    async def open(cls, url: str, connections: int) -> Self:
        load = cls(url)
        for _ in range(connections):
            load._lines.append(await asyncio.open_connection(load._host, load._port))
        return load

    async def close(self) -> None:
        for _, writer in self._lines:
            writer.close()
        for _, writer in self._lines:
            with suppress(OSError):
                await writer.wait_closed()

    def request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"host: {self._host}:{self._port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body:
            lines += ["content-type: application/json", f"content-length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body

    async def run(
        self, question: Question, status: int, seconds: float
    ) -> tuple[array[float], float]:
        """The seconds each answer took, and the seconds all of it took. Raises LoadRefused."""
        latencies_s: array[float] = array("d")
        begin_s = monotonic_s()
        end_s = begin_s + seconds
        try:
            async with asyncio.TaskGroup() as group:
                for line in self._lines:
                    group.create_task(self._ask(*line, question, status, end_s, latencies_s))
        except ExceptionGroup as several:
            raise several.exceptions[0] from None
        return latencies_s, monotonic_s() - begin_s

    async def _ask(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        question: Question,
        status: int,
        end_s: float,
        latencies_s: array[float],
    ) -> None:
        wanted = f"HTTP/1.1 {status} ".encode()
        while (begin_s := monotonic_s()) < end_s:
            self._asked += 1
            writer.write(question(self._asked))
            try:
                async with asyncio.timeout(ANSWER_S_MAX):
                    head = await reader.readuntil(_END)
                    body = await reader.readexactly(_length(head))
            except (TimeoutError, EOFError, OSError) as error:
                raise LoadRefused(f"no answer: {type(error).__name__}") from error
            if not head.startswith(wanted):
                line = head.partition(b"\r\n")[0].decode("latin-1")
                raise LoadRefused(f"{line}: {body.decode('utf-8', 'replace')}")
            latencies_s.append(monotonic_s() - begin_s)


def _length(head: bytes) -> int:
    """Servers of ours always say how long an answer is."""
    _, found, rest = head.lower().partition(_LENGTH)
    if not found:
        raise LoadRefused("an answer without content-length")
    return int(rest.partition(b"\r\n")[0])
