"""The short way of requests that write answers as FastAPI's own does, byte for byte."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.responses import Response

from services.cli.installed import RUNTIMES
from shared.platform.hosting.settings import PlatformSettings
from shared.platform.http.app import create_app
from shared.platform.http.commands import CommandContext, command_request
from shared.platform.http.fast_path import is_plain
from shared.platform.http.parts import Parts
from shared.platform.http.routes import BODY_BYTES_MAX, JsonRoute, add_routes, is_given
from shared.platform.service import Service, Topics
from shared.platform.store.memory import MemoryStore
from shared.platform.store.writer import Writer
from tests.shared.platform.http.conftest import StandingClock
from tests.support.toy.wallets import bare_service

NOWHERE = "postgresql://nobody@localhost:1/nothing"  # Nothing is opened before a start.
WALLET: Mapping[str, Any] = {
    "legal_entity": "CN01",
    "number": "B-1",
    "account_id": str(UUID(int=11)),
    "content": {"amount": "10.00", "currency": "CNY"},
    "opened_on": "2026-01-31",
}
JSON = {"Content-Type": "application/json", "Idempotency-Key": "k-1"}
SPELLINGS = [
    b"",
    b" ",
    b"null",
    b"[]",
    b"{}",
    b"NaN",
    b"1e400",
    b'"text"',
    b'{"number": NaN}',
    b'{"number": "\\ud800"}',
    b'{"\\ud800": 1}',
    b'{"number": "\x01"}',
    b'{"number": "\xff"}',
    b'\xef\xbb\xbf{"number": "B-1"}',
    '{"number": "B-1"}'.encode("utf-16"),
    b"123456789012345678901234567890",
    b"[" * 5000 + b"]" * 5000,
    b'{"number": "B-1", "number": "B-2"}',
    json.dumps(WALLET).encode(),
    json.dumps({**WALLET, "number": None}).encode(),
    json.dumps({**WALLET, "extra": float("nan")}).encode(),
    json.dumps(WALLET).encode("utf-16"),
    b"\xef\xbb\xbf" + json.dumps(WALLET).encode(),
    b" " * (BODY_BYTES_MAX + 1),
]
PATHS = [
    "/v1/wallets",
    "/v1/wallets/",
    "/v1/wallets?dry_run=true",
    "/v1/wallets?dry_run=maybe",
    "/v1/wallets?unknown=1",
    f"/v1/wallets/{UUID(int=1)}:add",
    f"/v1/wallets/{UUID(int=1)}:empty",
    f"/v1/wallets/{UUID(int=1)}:unknown",
    "/v1/wallets/no-id:add",
    "/v1/wallets/a%00b:add",
    "/v1/wallets/a:b:add",
    "/v1/wallets/:add",
    "/clock",
    "/v1",
]
HEADERS: list[Mapping[str, str]] = [
    JSON,
    {"Content-Type": "application/json"},
    {"Content-Type": "application/json", "Idempotency-Key": " "},
    {"Content-Type": "application/merge-patch+json; charset=utf-8", "Idempotency-Key": "k-1"},
    {"Content-Type": "text/plain", "Idempotency-Key": "k-1"},
    {"Idempotency-Key": "k-1"},
    {**JSON, "Accept": "text/html"},
    {**JSON, "If-Match": '"v1"'},
    {**JSON, "If-Match": "v1"},
    {**JSON, "Traceparent": f"00-{'a' * 32}-{'b' * 16}-01"},
]


async def answer_of(
    method: str, path: str, content: bytes, headers: Mapping[str, str], *, fast: bool
) -> tuple[int, list[tuple[str, str]], bytes]:
    """What a service that has seen nothing yet answers, but for the request's own name."""
    service, store = bare_service(), MemoryStore()
    writer = Writer(store, service.codec(), service.topics_of(Topics()))
    writer.start()
    app = create_app(_parts(service, store, writer))
    if not fast:
        app.fast_path = None
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://toy") as client:
        found = await client.request(method, path, content=content, headers=dict(headers))
    await writer.close()
    name = found.headers["request-id"].encode()
    sent = [(name, text) for name, text in found.headers.items() if name != "request-id"]
    return found.status_code, sent, found.content.replace(name, b"")


def _parts(service: Service, store: MemoryStore, writer: Writer) -> Parts:
    return Parts(
        service=service,
        tenant_id=UUID(int=7),
        clock=StandingClock(),
        writer=writer,
        store=store,
        started=True,
    )


async def same(method: str, path: str, content: bytes, headers: Mapping[str, str]) -> int:
    fast = await answer_of(method, path, content, headers, fast=True)
    assert fast == await answer_of(method, path, content, headers, fast=False)
    return fast[0]


def writing(app: FastAPI) -> Sequence[JsonRoute]:
    return [one for one in app.routes if isinstance(one, JsonRoute) and one.methods != {"GET"}]


async def of_query(text: str) -> str:
    return text


class TestFastPath:
    @pytest.mark.parametrize("content", SPELLINGS, ids=lambda one: repr(one[:30]))
    async def test_answers_any_body_as_fastapi_does(self, content: bytes) -> None:
        for path in ("/v1/wallets", f"/v1/wallets/{UUID(int=1)}:empty"):
            await same("POST", path, content, JSON)

    @pytest.mark.parametrize("path", PATHS)
    async def test_answers_any_path_and_method_as_fastapi_does(self, path: str) -> None:
        for method in ("POST", "PUT", "GET"):
            await same(method, path, json.dumps(WALLET).encode(), JSON)

    @pytest.mark.parametrize("headers", HEADERS, ids=str)
    async def test_answers_any_headers_as_fastapi_does(self, headers: Mapping[str, str]) -> None:
        for content in (b"", b"{", json.dumps(WALLET).encode()):
            await same("POST", "/v1/wallets", content, headers)

    async def test_accepts_what_is_right(self) -> None:
        assert await same("POST", "/v1/wallets", json.dumps(WALLET).encode(), JSON) == 201

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*WALLET]), inner),
            max_leaves=8,
        ),
        st.booleans(),
    )
    @settings(max_examples=60, deadline=None)
    def test_answers_any_value_as_fastapi_does(self, value: Any, completes: bool) -> None:
        """Complete but for some fields, so that most is right and the rest is what is refused."""
        body = {**WALLET, **value} if completes and isinstance(value, dict) else value
        content = json.dumps(body).encode()
        asyncio.run(same("POST", "/v1/wallets", content, JSON))


class TestIsPlain:
    @pytest.mark.parametrize("name", RUNTIMES)
    def test_holds_for_every_command_of_every_service(self, name: str) -> None:
        """One that asked for more would be answered all the same, but slowly."""
        app = RUNTIMES[name].host(PlatformSettings(database_url=NOWHERE)).app
        commands = [one for one in writing(app) if is_given(one.dependant, command_request)]
        assert len(commands) > 0
        assert [one.path for one in commands if not is_plain(one)] == []

    def test_refuses_what_only_fastapi_gives(self) -> None:
        router = APIRouter()

        @router.post("/query")
        async def with_query(text: str) -> None: ...

        @router.post("/response")
        async def with_response(response: Response) -> None: ...

        @router.post("/plain")
        async def plain(context: CommandContext) -> None: ...

        @router.post("/nested")
        async def nested(text: Annotated[str, Depends(of_query)]) -> None: ...

        app = FastAPI()
        add_routes(app, "", [router])
        assert [one.path for one in writing(app) if is_plain(one)] == ["/plain"]
