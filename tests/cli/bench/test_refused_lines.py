"""A line that is refused was not measured, whatever the answer of the whole says."""

from __future__ import annotations

from typing import cast

import pytest

from services.cli.bench.batch_rows import send_batch
from services.cli.bench.beside_import_rows import _is_done
from services.cli.bench.http_load import Connection, Load, LoadRefused, Reply


class Answering:
    """A connection that gives one answer, whatever is asked."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def ask(self, request: bytes, status: int) -> Reply:
        return Reply(b"", self._body)


def _connection(body: bytes) -> Connection:
    return cast(Connection, Answering(body))


async def test_a_batch_with_a_problem_is_refused() -> None:
    load = Load("http://127.0.0.1:1")
    await send_batch(load, _connection(b'{"items":[{"status":201,"body":{}}]}'), [])
    with pytest.raises(LoadRefused, match="too-late"):
        await send_batch(load, _connection(b'{"items":[{"problem":{"code":"too-late"}}]}'), [])


async def test_a_file_is_done_when_it_is_completed_and_nothing_was_refused() -> None:
    assert not await _is_done(_connection(b'{"status":"running","refused":0}'), b"")
    assert await _is_done(_connection(b'{"status":"completed","refused":0}'), b"")
    with pytest.raises(LoadRefused, match="2 lines"):
        await _is_done(_connection(b'{"status":"completed","refused":2}'), b"")
