"""The conventions of HTTP and every problem, on a service as small as one can be."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.kernel.decider import Accepted, AnyWork, Caller, NotWritten, OutcomeUnknown, Overloaded
from shared.platform.http.parts import Parts
from shared.platform.http.tokens import Token
from shared.platform.store.memory import MemoryStore

Json = dict[str, Any]

WALLET: Json = {
    "legal_entity": "CN01",
    "number": "B-1",
    "account_id": str(UUID(int=11)),
    "content": {"amount": "10.00", "currency": "CNY"},
    "opened_on": "2026-01-31",
}
ADD: Json = {"amount": {"amount": "2.50", "currency": "CNY"}}


async def post(
    client: httpx.AsyncClient, path: str, body: object, key: str | None = "k-1", **headers: str
) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if key is not None:
        sent["Idempotency-Key"] = key
    return await client.post(path, json=body, headers=sent)


def events_in(parts: Parts) -> int:
    assert isinstance(parts.store, MemoryStore)
    return sum(len(parts.store.events_of(stream)) for stream in parts.store.streams)


def assert_problem(response: httpx.Response, status: int, code: str, pointer: str = "") -> None:
    problem = response.json()
    assert (response.status_code, problem["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"/problems/{code}"
    assert problem["status"] == status
    assert problem["errors"][0]["pointer"] == pointer
    assert set(problem) == {"type", "title", "status", "code", "detail", "errors", "instance"}


class TestAccepted:
    async def test_answers_with_version_and_token(self, client: httpx.AsyncClient) -> None:
        response = await post(client, "/v1/wallets", WALLET)
        assert response.status_code == 201
        assert response.headers["etag"] == '"v1"'
        token = Token.decode(response.headers["consistency-token"])
        assert token == Token("toy", {UUID(response.json()["id"]): 1})
        assert "idempotency-replayed" not in response.headers

    async def test_is_answered_alike_when_repeated(
        self, client: httpx.AsyncClient, parts: Parts
    ) -> None:
        first = await post(client, "/v1/wallets", WALLET)
        again = await post(client, "/v1/wallets", WALLET)
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["idempotency-replayed"] == "true"
        assert again.headers["etag"] == first.headers["etag"]
        assert again.headers["consistency-token"] == first.headers["consistency-token"]
        assert events_in(parts) == 1

    @pytest.mark.parametrize("key", ['"k-1"', " k-1 "])
    async def test_takes_the_key_quoted_or_bare(self, client: httpx.AsyncClient, key: str) -> None:
        await post(client, "/v1/wallets", WALLET)
        again = await post(client, "/v1/wallets", WALLET, key)
        assert again.headers["idempotency-replayed"] == "true"

    async def test_sees_the_same_command_in_another_spelling(
        self, client: httpx.AsyncClient
    ) -> None:
        await post(client, "/v1/wallets", WALLET)
        again = await post(client, "/v1/wallets", dict(reversed(WALLET.items())))
        assert again.headers["idempotency-replayed"] == "true"

    async def test_dry_run_says_the_same_and_stores_nothing(
        self, client: httpx.AsyncClient, parts: Parts
    ) -> None:
        dry = await post(client, "/v1/wallets?dry_run=true", WALLET, None)
        assert dry.status_code == 200
        assert events_in(parts) == 0
        real = await post(client, "/v1/wallets", WALLET)
        assert real.status_code == 201
        assert dry.json() == real.json()

    async def test_obeys_if_match(self, client: httpx.AsyncClient) -> None:
        wallet = (await post(client, "/v1/wallets", WALLET)).json()["id"]
        path = f"/v1/wallets/{wallet}:add"
        fits = await post(client, path, ADD, "k-2", If_Match='"v1"')
        assert (fits.status_code, fits.headers["etag"]) == (200, '"v2"')
        stale = await post(client, path, ADD, "k-3", If_Match='"v1"')
        assert_problem(stale, 412, "stale-version")


class TestRefused:
    @pytest.mark.parametrize(
        ("change", "status", "code", "pointer"),
        [
            ({"extra": 1}, 422, "unknown-field", "/extra"),
            ({"number": None}, 422, "invalid-value", "/number"),
            ({"opened_on": "31.01.2026"}, 422, "invalid-value", "/opened_on"),
            (
                {"content": {"amount": "-1", "currency": "CNY"}},
                422,
                "amount-not-positive",
                "/content/amount",
            ),
            (
                {"content": {"amount": "1.001", "currency": "CNY"}},
                422,
                "amount-scale",
                "/content/amount",
            ),
            (
                {"content": {"amount": "1", "currency": "ZZZ"}},
                422,
                "unknown-currency",
                "/content/currency",
            ),
            ({"content": {"amount": "1"}}, 422, "missing-field", "/content/currency"),
        ],
    )
    async def test_by_the_field(
        self,
        client: httpx.AsyncClient,
        parts: Parts,
        change: Json,
        status: int,
        code: str,
        pointer: str,
    ) -> None:
        response = await post(client, "/v1/wallets", {**WALLET, **change})
        assert_problem(response, status, code, pointer)
        assert events_in(parts) == 0

    async def test_by_a_rule_with_its_status(self, client: httpx.AsyncClient) -> None:
        await post(client, "/v1/wallets", WALLET)
        twice = await post(client, "/v1/wallets", WALLET, "k-2")
        assert_problem(twice, 409, "number-already-used", "/number")

    async def test_without_a_key(self, client: httpx.AsyncClient, parts: Parts) -> None:
        response = await post(client, "/v1/wallets", WALLET, None)
        assert_problem(response, 400, "idempotency-key-required", "/Idempotency-Key")
        assert events_in(parts) == 0

    async def test_with_a_key_used_for_something_else(
        self, client: httpx.AsyncClient, parts: Parts
    ) -> None:
        await post(client, "/v1/wallets", WALLET)
        other = await post(client, "/v1/wallets", {**WALLET, "number": "B-2"})
        assert_problem(other, 422, "idempotency-key-reused")
        assert events_in(parts) == 1

    @pytest.mark.parametrize(
        ("name", "value"),
        [("Idempotency-Key", "x" * 256), ("If-Match", "v1"), ("If-Match", 'W/"v1"')],
    )
    async def test_with_an_unreadable_header(
        self, client: httpx.AsyncClient, name: str, value: str
    ) -> None:
        headers = {"Idempotency-Key": "k", name: value}
        response = await client.post("/v1/wallets", json=WALLET, headers=headers)
        assert_problem(response, 400, "invalid-header", f"/{name}")

    @pytest.mark.parametrize(
        "body",
        [b'{"a":', b"\xff\xfe", b"[" * 100_000, b'{"number": "\xc3("}'],
        ids=["cut", "not utf-8", "deep", "bad utf-8"],
    )
    async def test_with_malformed_json(self, client: httpx.AsyncClient, body: bytes) -> None:
        headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
        response = await client.post("/v1/wallets", content=body, headers=headers)
        assert_problem(response, 400, "malformed-json")

    async def test_with_half_a_character(self, client: httpx.AsyncClient) -> None:
        headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
        body = b'{"\\ud800": "\\ud800"}'
        response = await client.post("/v1/wallets", content=body, headers=headers)
        assert response.status_code == 422

    async def test_with_too_large_a_body(self, client: httpx.AsyncClient) -> None:
        response = await post(client, "/v1/wallets", {**WALLET, "number": "x" * 1_000_001})
        assert_problem(response, 413, "body-too-large")

    async def test_with_too_large_a_body_of_untold_length(self, client: httpx.AsyncClient) -> None:
        async def chunks() -> Any:
            for _ in range(11):
                yield b" " * 100_000

        headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
        response = await client.post("/v1/wallets", content=chunks(), headers=headers)
        assert_problem(response, 413, "body-too-large")

    async def test_with_a_foreign_media_type(self, client: httpx.AsyncClient) -> None:
        headers = {"Idempotency-Key": "k", "Content-Type": "text/plain"}
        response = await client.post("/v1/wallets", content=b"{", headers=headers)
        assert_problem(response, 415, "unsupported-media-type")

    async def test_where_no_json_is_wanted(self, client: httpx.AsyncClient) -> None:
        response = await post(client, "/v1/wallets", WALLET, Accept="text/html")
        assert_problem(response, 406, "not-acceptable")

    async def test_on_an_unknown_resource(self, client: httpx.AsyncClient) -> None:
        for path in (f"/v1/wallets/{UUID(int=9)}:add", "/v1/wallets/9:add", "/v1/nowhere"):
            assert_problem(await post(client, path, ADD), 404, "not-found")

    async def test_with_another_method(self, client: httpx.AsyncClient) -> None:
        response = await client.delete("/v1/wallets")
        assert_problem(response, 405, "method-not-allowed")
        assert response.headers["allow"] == "POST"

    async def test_with_another_method_where_the_path_takes_several(
        self, client: httpx.AsyncClient
    ) -> None:
        response = await client.delete("/clock")
        assert_problem(response, 405, "method-not-allowed")
        assert response.headers["allow"] == "GET, POST"

    async def test_with_another_method_on_what_a_command_does(
        self, client: httpx.AsyncClient
    ) -> None:
        for method in ("GET", "OPTIONS", "DELETE"):  # /v1/wallets/{id} takes a GET, this does not.
            response = await client.request(method, f"/v1/wallets/{UUID(int=9)}:add")
            assert_problem(response, 405, "method-not-allowed")
            assert response.headers["allow"] == "POST"

    async def test_with_a_blank_key_even_in_a_dry_run(self, client: httpx.AsyncClient) -> None:
        for query in ("", "?dry_run=true"):
            response = await post(client, f"/v1/wallets{query}", WALLET, key=" ")
            assert_problem(response, 400, "idempotency-key-required", "/Idempotency-Key")

    async def test_with_an_undeclared_parameter(self, client: httpx.AsyncClient) -> None:
        for query, pointer in (("dryrun=true", "/dryrun"), ("dry_run=1", "/dry_run")):
            response = await post(client, f"/v1/wallets?{query}", WALLET)
            assert_problem(response, 400, "invalid-query", pointer)

    async def test_with_a_body_nobody_reads(self, client: httpx.AsyncClient) -> None:
        response = await post(client, f"/v1/wallets/{UUID(int=9)}:empty", {"reason": "x"})
        assert_problem(response, 422, "unknown-field", "/reason")

    async def test_never_with_what_was_sent_or_what_went_wrong(
        self, client: httpx.AsyncClient
    ) -> None:
        broken = await client.post(
            f"/v1/wallets/{UUID(int=9)}:empty", headers={"Idempotency-Key": "k"}
        )
        assert_problem(broken, 500, "internal-error")
        assert "secret" not in broken.text
        sent = await post(client, "/v1/wallets", {**WALLET, "opened_on": "my-secret-day"})
        assert "secret" not in sent.text


class TestWriterInTrouble:
    @pytest.mark.parametrize(
        ("trouble", "status", "code"),
        [
            (Overloaded, 503, "service-unavailable"),
            (NotWritten, 503, "service-unavailable"),
            (OutcomeUnknown, 504, "outcome-unknown"),
        ],
    )
    async def test_is_told_apart(
        self,
        client: httpx.AsyncClient,
        parts: Parts,
        trouble: type[Exception],
        status: int,
        code: str,
    ) -> None:
        class Troubled:
            in_flight = 0

            async def submit(self, work: AnyWork, caller: Caller) -> Accepted:
                raise trouble

            def enqueue(
                self, work: AnyWork, caller: Caller, *, is_bulk: bool = False
            ) -> asyncio.Future[Accepted]:
                raise trouble

        parts.writer = Troubled()
        response = await post(client, "/v1/wallets", WALLET)
        assert_problem(response, status, code)
        assert response.headers["retry-after"] == "1"
