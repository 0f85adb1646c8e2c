"""Load on an HTTP server, as much as one process can make.

Plain connections, requests made of bytes: a full HTTP client takes more time for a request than
the server does, and would measure itself.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, NamedTuple, Self
from urllib.parse import urlsplit

from services.cli.bench.speeds import BenchFailed
from shared.platform.clock import monotonic_s

ANSWER_S_MAX: Final = 30.0  # for one answer
_LENGTH: Final = b"\r\ncontent-length:"
_END: Final = b"\r\n\r\n"

Question = Callable[[int], bytes]  # The whole request for a number that never comes again.


class LoadRefused(BenchFailed):
    """The server answered what nobody wanted to measure, or not at all."""


class Reply(NamedTuple):
    """An answer as it came."""

    head: bytes
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of a header; None where there is none."""
        _, found, rest = self.head.lower().partition(f"\r\n{name}:".encode())
        if not found:
            return None
        begin = len(self.head) - len(rest)  # Values keep their case.
        return self.head[begin:].partition(b"\r\n")[0].strip().decode("latin-1")


class Connection:
    """Asks one thing after the other, on a connection that stays open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, host: str, port: int) -> Self:
        return cls(*await asyncio.open_connection(host, port))

    def close(self) -> None:
        self._writer.close()

    async def wait_closed(self) -> None:
        with suppress(OSError):
            await self._writer.wait_closed()

    async def ask(self, request: bytes, status: int) -> Reply:
        """The answer, which must have this status. Raises LoadRefused."""
        self._writer.write(request)
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                head = await self._reader.readuntil(_END)
                body = await self._reader.readexactly(_length(head))
        except (TimeoutError, EOFError, OSError) as error:
            raise LoadRefused(f"no answer: {type(error).__name__}") from error
        if not head.startswith(f"HTTP/1.1 {status} ".encode()):
            line = head.partition(b"\r\n")[0].decode("latin-1")
            raise LoadRefused(f"{line}: {body.decode('utf-8', 'replace')}")
        return Reply(head, body)


class Load:
    """So many connections, each of which asks, waits for the answer and asks again."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._connections: list[Connection] = []
        self._asked = 0

    @classmethod
    async def open(cls, url: str, connections: int) -> Self:
        load = cls(url)
        for _ in range(connections):
            load._connections.append(await load.connect())
        return load

    async def connect(self) -> Connection:
        """A further connection to the same server; who asked for it closes it."""
        return await Connection.open(self._host, self._port)

    async def close(self) -> None:
        for connection in self._connections:
            connection.close()
        for connection in self._connections:
            await connection.wait_closed()

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        content_type: str = "application/json",
    ) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"host: {self._host}:{self._port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body:
            lines += [f"content-type: {content_type}", f"content-length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def next_number(self) -> int:
        """A number that no question was asked for before."""
        self._asked += 1
        return self._asked

    async def run(
        self, question: Question, status: int, seconds: float, per_second: float | None = None
    ) -> tuple[array[float], float]:
        """The seconds each answer took, and the seconds all of it took. Raises LoadRefused.

        With `per_second` no more than so many are asked, evenly; without it, all that go.
        """
        latencies_s: array[float] = array("d")
        pause_s = len(self._connections) / per_second if per_second else 0.0
        begin_s = monotonic_s()
        end_s = begin_s + seconds
        try:
            async with asyncio.TaskGroup() as group:
                for nth, connection in enumerate(self._connections):
                    first_s = begin_s + pause_s * nth / len(self._connections)
                    asking = self._ask(
                        connection, question, status, (first_s, end_s, pause_s), latencies_s
                    )
                    group.create_task(asking)
        except ExceptionGroup as several:
            raise several.exceptions[0] from None
        return latencies_s, monotonic_s() - begin_s

    async def _ask(
        self,
        connection: Connection,
        question: Question,
        status: int,
        times_s: tuple[float, float, float],  # The first, the end, and between two.
        latencies_s: array[float],
    ) -> None:
        next_s, end_s, pause_s = times_s
        while (begin_s := monotonic_s()) < end_s:
            if next_s > begin_s:
                await asyncio.sleep(min(next_s, end_s) - begin_s)
                continue
            await connection.ask(question(self.next_number()), status)
            latencies_s.append(monotonic_s() - begin_s)
            next_s += pause_s  # What came late is made up for.


def _length(head: bytes) -> int:
    """Servers of ours always say how long an answer is."""
    _, found, rest = head.lower().partition(_LENGTH)
    if not found:
        raise LoadRefused("an answer without content-length")
    return int(rest.partition(b"\r\n")[0])
