from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from services.cli.bench.http_load import Load, LoadRefused, Reply

SECONDS = 0.1
GOOD = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"


@asynccontextmanager
async def loaded(
    answer: Callable[[bytes], bytes], connections: int = 3
) -> AsyncIterator[tuple[Load, list[bytes]]]:
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                heads.append(head)
                writer.write(answer(head))
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    load = await Load.open(f"http://127.0.0.1:{port}", connections)
    try:
        yield load, heads
    finally:
        await load.close()
        server.close()


class TestLoad:
    async def test_times_every_answer_and_never_gives_a_number_twice(self) -> None:
        async with loaded(lambda head: GOOD) as (load, heads):
            latencies_s, took_s = await load.run(
                lambda number: load.request("GET", f"/{number}", {}), 201, SECONDS
            )
        assert len(latencies_s) == len(heads) == len(set(heads)) > 3
        assert took_s >= SECONDS
        assert 0 < max(latencies_s) <= took_s

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (b"HTTP/1.1 422 No\r\nContent-Length: 7\r\n\r\nbecause", "422 No: because"),
            (b"HTTP/1.1 201 Created\r\n\r\n", "content-length"),
        ],
    )
    async def test_measures_no_other_answer(self, answer: bytes, said: str) -> None:
        async with loaded(lambda head: answer) as (load, _):
            with pytest.raises(LoadRefused, match=said):
                await load.run(lambda number: load.request("GET", "/", {}), 201, SECONDS)

    async def test_asks_no_more_than_it_is_told_to(self) -> None:
        async with loaded(lambda head: GOOD, connections=4) as (load, heads):
            await load.run(lambda number: load.request("GET", f"/{number}", {}), 201, 0.5, 40.0)
        # A machine that is slow asks fewer; one that is told nothing asks thousands.
        assert 0 < len(heads) <= 0.5 * 40.0 + 4


class TestReply:
    def test_gives_a_header_whatever_the_case_of_its_name(self) -> None:
        head = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nConsistency-Token: AbC=\r\n\r\n"
        reply = Reply(head, b"{}")
        assert reply.header("consistency-token") == "AbC="
        assert reply.header("length") is None
