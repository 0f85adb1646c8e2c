"""A file comes to the same parts however it is sent, and never to more than fits."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.platform.http.lines import LINES_MAX
from shared.platform.http.problems import Problem
from shared.platform.imports import uploads
from shared.platform.imports.uploads import Part, Upload


def read(content: bytes, *, cuts: Sequence[int] = (), is_gzip: bool = False) -> list[Part]:
    return _read(content, cuts, is_gzip)[0]


def _read(content: bytes, cuts: Sequence[int], is_gzip: bool) -> tuple[list[Part], Upload]:
    async def chunks() -> AsyncIterator[bytes]:
        start = 0
        for cut in sorted({min(cut, len(content)) for cut in cuts} | {len(content)}):
            yield content[start:cut]
            start = cut

    upload = Upload(chunks(), is_gzip=is_gzip)

    async def parts() -> list[Part]:
        return [part async for part in upload.parts()]

    return asyncio.run(parts()), upload


def numbered(parts: Sequence[Part]) -> list[tuple[int, bytes]]:
    """Each line that is not blank, by its number."""
    return [
        (number, line)
        for part in parts
        for number, line in enumerate(part.content.split(b"\n"), part.first_line)
        if line.strip()
    ]


LINES = st.lists(st.sampled_from([b"", b"  ", b"{}", b'{"a":1}', b"x" * 60]), max_size=40)


class TestParts:
    @given(LINES, st.lists(st.integers(0, 500), max_size=6), st.booleans(), st.booleans())
    def test_are_the_lines_of_the_file_however_it_is_cut(
        self, lines: list[bytes], cuts: list[int], ends: bool, is_gzip: bool
    ) -> None:
        plain = b"\n".join(lines) + (b"\n" if ends else b"")
        content = gzip.compress(plain) if is_gzip else plain
        parts, upload = _read(content, cuts, is_gzip)

        expected = [(n, line) for n, line in enumerate(lines, 1) if line.strip()]
        assert numbered(parts) == expected
        assert upload.count == sum(part.lines for part in parts) == len(expected)
        assert all(part.lines for part in parts)
        assert upload.content_hash == sha256(plain).digest()

    def test_have_so_many_lines_at_most(self) -> None:
        parts = read(b"{}\n" * (2 * LINES_MAX + 1))
        assert [part.lines for part in parts] == [LINES_MAX, LINES_MAX, 1]
        assert [part.first_line for part in parts] == [1, LINES_MAX + 1, 2 * LINES_MAX + 1]

    def test_have_so_many_bytes_at_most(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(uploads, "PART_BYTES_MAX", 10)
        parts = read(b"aaaa\nbbbb\ncccc\n" + b"d" * 20 + b"\ne")
        assert [part.first_line for part in parts] == [1, 3, 4, 5]

    def test_of_several_packed_files_are_those_of_all(self) -> None:
        packed = gzip.compress(b"a\nb") + gzip.compress(b"c\n")
        assert [line for _, line in numbered(read(packed, cuts=[3, 40], is_gzip=True))] == [
            b"a",
            b"bc",
        ]

    def test_unpack_a_little_at_a_time(self) -> None:
        bomb = gzip.compress((b" " * 999_999 + b"\n") * (uploads.IMPORT_BYTES_MAX // 1_000_000 + 1))
        assert len(bomb) < 1_000_000
        with pytest.raises(Problem, match="body-too-large"):
            read(bomb, is_gzip=True)


class TestRefused:
    @pytest.mark.parametrize("content", [b"no gzip", gzip.compress(b"a\nb\n", mtime=0)[:-3]])
    def test_is_what_is_not_whole(self, content: bytes) -> None:
        with pytest.raises(Problem, match="malformed-json") as caught:
            read(content, is_gzip=True)
        assert caught.value.faults[0].pointer == "/Content-Encoding"

    def test_is_a_line_that_is_too_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(uploads, "LINE_BYTES_MAX", 10)
        with pytest.raises(Problem, match="body-too-large") as caught:
            read(b"a\n" + b"b" * 11)
        assert caught.value.faults[0].detail == "Line 2 is too long."

    def test_is_a_file_that_is_too_large(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(uploads, "IMPORT_BYTES_MAX", 10)
        assert read(b"a\n" * 5)
        with pytest.raises(Problem, match="body-too-large"):
            read(b"a\n" * 6)
