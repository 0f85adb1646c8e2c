"""Keeps files of commands in the service's database until they are done, and their answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from shared.platform.database.pools import Database, driver
from shared.platform.imports import imports_sql as sql
from shared.platform.imports.uploads import Part

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver


@dataclass(frozen=True, slots=True)
class Import:
    """A file of commands and how far it is."""

    id: UUID
    status: str
    is_dry_run: bool
    line_count: int  # Without blank ones.
    done_count: int
    accepted: int
    refused: int
    error: str | None
    created_at: datetime  # Wall clock.


class PartToDo(NamedTuple):
    """Lines that wait, and whose they are."""

    import_id: UUID
    is_dry_run: bool
    upload: int  # Which attempt to send the file.
    first_line: int
    content: bytes


class ImportStore:
    """Of one tenant in one service's database. Each call is a transaction."""

    def __init__(self, database: Database, tenant_id: UUID) -> None:
        self.database = database
        self._tenant_id = tenant_id

    async def begin(self, id: UUID, *, is_dry_run: bool) -> int | None:
        """Makes room for a file, and gives the number of the attempt. None: it was sent before."""
        async with self._bound() as connection:
            found: int | None = await connection.fetchval(
                sql.BEGIN, self._tenant_id, id, is_dry_run
            )
        return found

    async def add(self, id: UUID, upload: int, part: Part) -> None:
        async with self._bound() as connection:
            await connection.execute(
                sql.ADD_PART, self._tenant_id, id, upload, part.first_line, part.content
            )

    async def received(self, id: UUID, upload: int, content_hash: bytes, line_count: int) -> bool:
        """Lets it be done. False: another attempt to send it has begun."""
        async with self._bound() as connection:
            await connection.execute(sql.DROP_OLD_PARTS, self._tenant_id, id, upload)
            done = await connection.fetchval(
                sql.RECEIVED, self._tenant_id, id, upload, content_hash, line_count
            )
        return done is not None

    async def is_same(self, id: UUID, content_hash: bytes, *, is_dry_run: bool) -> bool:
        """Whether a file that was sent before under its key is this one."""
        async with self._bound() as connection:
            row = await connection.fetchrow(sql.CONTENT, self._tenant_id, id)
        return row is not None and tuple(row.values()) == (content_hash, is_dry_run)

    async def find(self, id: UUID) -> Import | None:
        async with self._bound() as connection:
            row = await connection.fetchrow(sql.FIND, self._tenant_id, id)
        return None if row is None else Import(*row.values())

    async def list(self, after: tuple[datetime, UUID] | None, limit: int) -> Sequence[Import]:
        """The newest first, from after a place on."""
        async with self._bound() as connection:
            rows = await connection.fetch(
                sql.LIST, self._tenant_id, *(after or (None, None)), limit
            )
        return [Import(*row.values()) for row in rows]

    async def next_part(self) -> PartToDo | None:
        """What is to be done next: the oldest file's first lines that are left."""
        async with self._bound() as connection:
            row = await connection.fetchrow(sql.NEXT_PART, self._tenant_id)
        return None if row is None else PartToDo(*row.values())

    async def finish(self, part: PartToDo, answers: bytes, *, accepted: int, refused: int) -> None:
        """Keeps what became of the lines, in one transaction with taking them away. Once."""
        async with self._bound() as connection:
            key = self._tenant_id, part.import_id
            if not await connection.fetchval(sql.TAKE_PART, *key, part.upload, part.first_line):
                return
            await connection.execute(sql.KEEP_ANSWERS, *key, part.first_line, answers)
            await connection.execute(sql.COUNT, *key, accepted + refused, accepted, refused)

    async def stop(self, id: UUID, error: str) -> None:
        """Lets it rest until somebody asks for it: it met a bug."""
        await self._change(sql.STOP, id, error)

    async def cancel(self, id: UUID) -> None:
        """Lets nothing more of it be done; what was done stays."""
        await self._change(sql.CANCEL, id)

    async def resume(self, id: UUID) -> None:
        """Lets the rest of it be done."""
        await self._change(sql.RESUME, id)

    async def answers(self, id: UUID) -> AsyncIterator[bytes]:
        """What became of the lines so far, some hundred at a time, as NDJSON."""
        after = 0
        while True:  # Until the last there is.
            async with self._bound() as connection:
                row = await connection.fetchrow(sql.ANSWERS_AFTER, self._tenant_id, id, after)
            if row is None:
                return
            after = row["first_line"]
            yield row["answers"]

    async def _change(self, statement: str, id: UUID, *values: object) -> None:
        async with self._bound() as connection:
            await connection.execute(statement, self._tenant_id, id, *values)

    @asynccontextmanager
    async def _bound(self) -> AsyncIterator[Driver]:
        async with self.database.bound([self._tenant_id]) as connection:
            yield await driver(connection)
