"""Stands before PostgreSQL and loses an answer, a request or an end, exactly when a test says."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Final, Literal

from sqlalchemy.engine import make_url

COMMIT: Final = b"COMMIT\x00"
CHUNK_BYTES: Final = 65_536

Cut = Literal["before commit", "after commit"]


class FaultProxy:
    """Listens on a unix socket in the folder; `cuts` says what happens to the next COMMITs.

    `cut_at` is words of a statement: its connection is cut in the middle of it, once for each. With
    `hides_ends` a client hears the server's last words and not that it has hung up.
    """

    def __init__(self, url: str, folder: Path) -> None:
        parsed = make_url(url)
        self.straight = url  # To the server, past the proxy.
        self._target = f"{parsed.query['host']}/.s.PGSQL.{parsed.query['port']}"
        self._path = folder / ".s.PGSQL.5432"
        self.url = parsed.set(query={"host": str(folder), "port": "5432"}).render_as_string()
        self.cuts: list[Cut] = []
        self.cut_at: list[bytes] = []
        self.has_cut = asyncio.Event()  # At such words.
        self.hides_ends = False
        self.is_down = False
        self._goes_down_with_cut = False
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    def go_down_at_next(self, cut: Cut) -> None:
        """Goes down at the next one: nobody can be asked until `is_down` is false again."""
        self.cuts.append(cut)
        self._goes_down_with_cut = True

    async def __aenter__(self) -> FaultProxy:
        self._server = await asyncio.start_unix_server(self._accept, str(self._path))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_down:
            await _close(writer)
            return
        up_reader, up_writer = await asyncio.open_unix_connection(self._target)
        try:
            await self._pass_on(reader, writer, up_reader, up_writer)
        finally:
            await _close(up_writer, writer)

    async def _pass_on(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        up_reader: asyncio.StreamReader,
        up_writer: asyncio.StreamWriter,
    ) -> None:
        back = asyncio.create_task(self._copy(up_reader, writer))
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK_BYTES):
                if named := [words for words in self.cut_at if words in data]:
                    self.cut_at.remove(named[0])
                    self.has_cut.set()
                    break
                if data.endswith(COMMIT) and self.cuts:
                    self.is_down = self._goes_down_with_cut
                    if self.cuts.pop(0) == "after commit":
                        back.cancel()
                        up_writer.write(data)
                        await up_writer.drain()
                        await up_reader.read(1)  # PostgreSQL has answered; nobody hears it.
                    break
                up_writer.write(data)
        back.cancel()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK_BYTES):
                writer.write(data)
        if not self.hides_ends:
            writer.close()


async def _close(*writers: asyncio.StreamWriter) -> None:
    for writer in writers:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
