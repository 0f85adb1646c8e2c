from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import httpx
import pytest

from services.cli.client.duebook import Duebook, Refused, Unreachable
from shared.kernel.money import Money

PROBLEM = {
    "type": "/problems/amount-scale",
    "code": "amount-scale",
    "errors": [{"pointer": "/total/amount", "code": "amount-scale", "detail": "Too precise."}],
}


class Server:
    """Answers in turn; the last answer again and again."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self._answers: Sequence[httpx.Response | Exception] = answers
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers[min(len(self.requests), len(self._answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


def client(server: Callable[[httpx.Request], httpx.Response], patience_s: float = 5.0) -> Duebook:
    return Duebook("http://x/", retry_s_max=patience_s, transport=httpx.MockTransport(server))


class TestCommand:
    async def test_sends_domain_values_under_a_key(self) -> None:
        headers = {"etag": '"v3"', "consistency-token": "t", "idempotency-replayed": "true"}
        server = Server(httpx.Response(201, json={"id": "b"}, headers=headers))
        body = {"total": Money(150, "CNY"), "issued_on": date(2026, 1, 31)}
        async with client(server) as duebook:
            answer = await duebook.command("ledger", "invoices", body, key="k", if_match=2)
        sent = server.requests[0]
        assert str(sent.url) == "http://x/ledger/v1/invoices"
        assert (sent.headers["idempotency-key"], sent.headers["if-match"]) == ("k", '"v2"')
        assert sent.content == (
            b'{"total":{"amount":"1.50","currency":"CNY"},"issued_on":"2026-01-31"}'
        )
        assert answer == (201, {"id": "b"}, 3, "t", True)

    async def test_repeats_with_the_same_key_what_may_succeed(self) -> None:
        busy = httpx.Response(503, json={"code": "service-unavailable", "errors": []})
        server = Server(httpx.ConnectError("down"), busy, httpx.Response(200, json={}))
        async with client(server) as duebook:
            await duebook.command("ledger", "invoices", {}, key="k")
        assert [one.headers["idempotency-key"] for one in server.requests] == ["k"] * 3

    async def test_never_repeats_what_was_refused(self) -> None:
        server = Server(httpx.Response(422, json=PROBLEM))
        async with client(server) as duebook:
            with pytest.raises(Refused) as caught:
                await duebook.command("ledger", "invoices", {}, key="k")
        assert (caught.value.status, caught.value.code) == (422, "amount-scale")
        assert caught.value.faults[0].pointer == "/total/amount"
        assert len(server.requests) == 1

    async def test_gives_up_in_the_end(self) -> None:
        server = Server(httpx.ConnectError("down"))
        async with client(server, patience_s=0.2) as duebook:
            with pytest.raises(Unreachable, match="ConnectError"):
                await duebook.command("ledger", "invoices", {}, key="k")
        assert len(server.requests) > 1


class TestItems:
    async def test_walks_all_pages(self) -> None:
        server = Server(
            httpx.Response(200, json={"items": [{"n": 1}, {"n": 2}], "next": "c"}),
            httpx.Response(200, json={"items": [{"n": 3}], "next": None}),
        )
        async with client(server) as duebook:
            found = [item["n"] async for item in duebook.items("ledger", "accounts", {"limit": 2})]
        assert found == [1, 2, 3]
        assert server.requests[1].url.params["cursor"] == "c"
