"""Splits what is uploaded into parts of whole lines, within limits, and never holds all of it."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from typing import Final, NamedTuple

from shared.platform.http.lines import LINES_MAX
from shared.platform.http.problems import Problem
from shared.platform.http.routes import BODY_BYTES_MAX

IMPORT_BYTES_MAX: Final = 100_000_000  # of a file, as sent and unpacked
LINE_BYTES_MAX: Final = BODY_BYTES_MAX  # of one line: a command is no larger alone
PART_BYTES_MAX: Final = 1_000_000  # of the lines that are done together, unless one has more
_UNPACKED_BYTES: Final = 256_000  # at a time
_GZIP: Final = 31  # zlib's number of that format


class Part(NamedTuple):
    """Lines that are done together."""

    first_line: int  # From 1.
    lines: int  # Without blank ones.
    content: bytes


class Upload:
    """Reads a file of lines. Its hash and the count of its lines are known when all is read."""

    def __init__(self, chunks: AsyncIterator[bytes], *, is_gzip: bool) -> None:
        self._chunks = chunks
        self._unpacker = zlib.decompressobj(_GZIP) if is_gzip else None
        self._is_within = False  # Something packed, whose end has not come.
        self._hash = sha256()
        self._size = 0
        self._rest = b""  # The beginning of a line.
        self._lines: list[bytes] = []  # Of the part that is not full yet.
        self._part_size = 0
        self._number = 0  # Of the last whole line.
        self._first = 1
        self.count = 0  # Lines that are not blank.

    @property
    def content_hash(self) -> bytes:
        return self._hash.digest()

    async def parts(self) -> AsyncIterator[Part]:
        """Gives the parts in their order. Raises body-too-large, and malformed-json for no gzip."""
        async for chunk in self._chunks:
            for plain in self._unpacked(chunk):
                for part in self._split(plain):
                    yield part
        for plain in (*self._unpacked_last(), b"\n"):
            for part in self._split(plain):
                yield part
        if (part := self._cut()).lines:
            yield part

    def _unpacked(self, chunk: bytes) -> Iterator[bytes]:
        """A little at a time, whatever it unpacks to; a file may be several one after another."""
        if self._unpacker is None:
            yield self._counted(chunk)
            return
        while chunk:
            try:
                plain = self._unpacker.decompress(chunk, _UNPACKED_BYTES)
            except zlib.error:
                raise _no_gzip() from None
            yield self._counted(plain)
            self._is_within = not self._unpacker.eof
            if self._unpacker.eof:
                chunk, self._unpacker = self._unpacker.unused_data, zlib.decompressobj(_GZIP)
            else:
                chunk = self._unpacker.unconsumed_tail

    def _unpacked_last(self) -> Iterator[bytes]:
        if self._unpacker is None or not self._is_within:
            return
        yield self._counted(self._unpacker.flush())
        if not self._unpacker.eof:
            raise _no_gzip()

    def _counted(self, plain: bytes) -> bytes:
        self._size += len(plain)
        if self._size > IMPORT_BYTES_MAX:
            raise Problem("body-too-large")
        self._hash.update(plain)
        return plain

    def _split(self, plain: bytes) -> Iterator[Part]:
        *whole, self._rest = (self._rest + plain).split(b"\n")
        for line in whole:
            self._check(line)
            is_full = len(self._lines) == LINES_MAX
            is_too_large = self._part_size + len(line) > PART_BYTES_MAX
            if (is_full or is_too_large) and (part := self._cut()).lines:
                yield part
            self._number += 1
            self._lines.append(line)
            self._part_size += len(line) + 1
        self._check(self._rest)

    def _check(self, line: bytes) -> None:
        if len(line) > LINE_BYTES_MAX:
            raise Problem("body-too-large", detail=f"Line {self._number + 1} is too long.")

    def _cut(self) -> Part:
        count = sum(not _is_blank(line) for line in self._lines)
        part = Part(self._first, count, b"\n".join(self._lines))
        self.count += count
        self._first, self._lines, self._part_size = self._number + 1, [], 0
        return part


def _is_blank(line: bytes) -> bool:
    return not line.strip()


def _no_gzip() -> Problem:
    return Problem("malformed-json", pointer="/Content-Encoding", detail="Is not whole gzip.")
