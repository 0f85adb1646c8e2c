from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

import httpx
import pytest

from shared.platform.database.pools import Database
from shared.platform.http.parts import Parts
from shared.platform.http.tokens import Token
from shared.platform.log.port import LogUnavailable
from shared.platform.projector.port import Projection
from shared.platform.subscription.work_status import WorkStatus

WALLET = UUID(int=9)


def wallets(*subscribes_to: str) -> Projection:
    return Projection(
        name="wallets",
        subscribes_to=subscribes_to,
        rows=[],
        needs=lambda events: (),
        fold=lambda rows, _: rows,
    )


class Waiter:
    """Knows how far one projection is; notes how long it was asked to wait."""

    def __init__(self, processed: int) -> None:
        self._processed = processed
        self.timeouts_s: list[float] = []

    async def wait_processed(
        self, projection: str, versions: Mapping[UUID, int], timeout_s: float
    ) -> bool:
        self.timeouts_s.append(timeout_s)
        return max(versions.values()) <= self._processed


class Aged:
    """Read models of a known age."""

    def __init__(self, age_s: float | None) -> None:
        self._age_s = age_s

    async def of(self, projections: Sequence[str]) -> float | None:
        return self._age_s


class WithoutLog:
    """Workers whose log is away."""

    async def status(self) -> WorkStatus:
        raise LogUnavailable("away")

    async def settled(self, wait_s: float, given_up: Callable[[], bool]) -> WorkStatus:
        return await self.status()

    def wake(self) -> None: ...

    def missing(self) -> str | None:
        return "the log does not answer"

    async def measure(self) -> None:
        raise LogUnavailable("away")


def code_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


class TestReading:
    async def ask(
        self, client: httpx.AsyncClient, *tokens: str, prefer: str = ""
    ) -> httpx.Response:
        headers = {"Consistency-Token": ",".join(tokens)} if tokens else {}
        if prefer:
            headers["Prefer"] = prefer
        return await client.get(f"/v1/wallets/{WALLET}", headers=headers)

    @pytest.mark.parametrize(("age_s", "header"), [(0.0, "0"), (3.2, "4"), (None, None)])
    async def test_tells_its_age_in_whole_seconds(
        self, client: httpx.AsyncClient, parts: Parts, age_s: float | None, header: str | None
    ) -> None:
        parts.ages = Aged(age_s)
        response = await self.ask(client)
        assert response.headers.get("age") == header

    async def test_refuses_a_token_nobody_here_reads(
        self, client: httpx.AsyncClient, parts: Parts
    ) -> None:
        object.__setattr__(parts.service, "projections", [wallets("toy")])
        response = await self.ask(client, Token("ledger", {WALLET: 1}).encode())
        assert code_of(response) == (400, "token-not-tracked")

    async def test_says_that_it_is_behind(self, client: httpx.AsyncClient, parts: Parts) -> None:
        object.__setattr__(parts.service, "projections", [wallets("toy", "ledger")])
        parts.waiter = waiter = Waiter(processed=2)
        response = await self.ask(client, Token("ledger", {WALLET: 3}).encode(), prefer="wait=1")
        assert code_of(response) == (503, "projection-behind")
        assert response.headers["retry-after"] == "1"
        assert 0.5 < waiter.timeouts_s[0] <= 1

    async def test_waits_two_seconds_unless_told(
        self, client: httpx.AsyncClient, parts: Parts
    ) -> None:
        object.__setattr__(parts.service, "projections", [wallets("toy")])
        parts.waiter = waiter = Waiter(processed=2)
        await self.ask(client, Token("toy", {WALLET: 2}).encode())
        assert 1.5 < waiter.timeouts_s[0] <= 2

    @pytest.mark.parametrize("token", ["x", "eyJi", ""])
    async def test_refuses_what_is_no_token(self, client: httpx.AsyncClient, token: str) -> None:
        response = await self.ask(client, token, prefer="wait=0")
        assert code_of(response) == (400, "invalid-header")


class TestPaging:
    async def test_walks_the_whole_list_once(self, client: httpx.AsyncClient) -> None:
        seen, cursor = [], ""
        for _ in range(4):
            page = (await client.get(f"/v1/wallets/numbers?limit=3{cursor}")).json()
            seen += page["items"]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert seen == [f"wallet-{n:02}" for n in range(7)]
        assert page["next"] is None

    async def test_has_a_default_and_an_end(self, client: httpx.AsyncClient) -> None:
        page = (await client.get("/v1/wallets/numbers")).json()
        assert (len(page["items"]), page["next"]) == (7, None)

    @pytest.mark.parametrize(
        "query",
        [
            *("limit=0", "limit=501", "limit=x", "page=2", "color=green", "as_of=today"),
            "cursor=a%00b",  # No text column takes a NUL.
        ],
    )
    async def test_refuses_other_questions(self, client: httpx.AsyncClient, query: str) -> None:
        response = await client.get(f"/v1/wallets/numbers?{query}")
        assert code_of(response) == (400, "invalid-query")
        assert response.json()["errors"][0]["pointer"].split("/")[1] == query.split("=")[0]

    async def test_refuses_a_cursor_of_another_list(self, client: httpx.AsyncClient) -> None:
        page = (await client.get("/v1/wallets/numbers?limit=3&color=red")).json()
        same = f"/v1/wallets/numbers?limit=2&color=red&cursor={page['next']}"
        other = f"/v1/wallets/numbers?limit=3&color=blue&cursor={page['next']}"
        assert (await client.get(same)).status_code == 200
        assert code_of(await client.get(other)) == (400, "invalid-cursor")

    async def test_refuses_a_cursor_that_was_changed(self, client: httpx.AsyncClient) -> None:
        cursor = (await client.get("/v1/wallets/numbers?limit=3")).json()["next"]
        for foreign in (f"A{cursor[1:]}", cursor[:-4], "x", "%FF"):
            response = await client.get(f"/v1/wallets/numbers?limit=3&cursor={foreign}")
            assert code_of(response) == (400, "invalid-cursor")

    async def test_echoes_the_moment(self, client: httpx.AsyncClient) -> None:
        page = (await client.get("/v1/wallets/numbers?as_of=2026-01-31")).json()
        assert page["as_of"] == "2026-01-31"


class TestOperations:
    async def test_tells_whether_it_is_ready(self, client: httpx.AsyncClient, parts: Parts) -> None:
        for path in ("live", "startup", "ready"):
            assert (await client.get(f"/health/{path}")).status_code == 200
        parts.draining.set()
        assert (await client.get("/health/ready")).status_code == 503
        assert (await client.get("/health/live")).status_code == 200

    async def test_says_in_one_line_what_is_missing(
        self, client: httpx.AsyncClient, parts: Parts
    ) -> None:
        parts.reporter = WithoutLog()
        assert (await client.get("/health/ready")).status_code == 200  # An API needs no log.
        parts.works = True
        response = await client.get("/health/ready")
        assert response.status_code == 503
        assert response.json() == {"status": "not ready", "missing": "the log does not answer"}

    async def test_names_a_database_that_is_away(
        self, client: httpx.AsyncClient, parts: Parts
    ) -> None:
        parts.database = Database("postgresql://duebook@127.0.0.1:1/nowhere")
        response = await client.get("/health/ready")
        assert response.status_code == 503
        assert response.json()["missing"].startswith("the database of toy does not answer: ")
        await parts.database.close()

    async def test_tells_metrics_although_the_rest_cannot_be_read(
        self, client: httpx.AsyncClient, parts: Parts
    ) -> None:
        parts.reporter = WithoutLog()
        await client.get("/metrics")
        text = (await client.get("/metrics")).text
        assert 'duebook_unmeasured_total{problem="LogUnavailable",service="toy"}' in text

    async def test_counts_requests(self, client: httpx.AsyncClient) -> None:
        await client.get("/version")
        text = (await client.get("/metrics")).text
        assert 'duebook_http_requests_total{method="GET",route="/version",service="toy"' in text

    async def test_moves_no_clock_that_is_not_manual(self, client: httpx.AsyncClient) -> None:
        response = await client.post("/clock", json={"now": "2026-02-01T00:00:00Z"})
        assert code_of(response) == (404, "not-found")

    async def test_says_what_commands_need(self, client: httpx.AsyncClient) -> None:
        document = (await client.get("/openapi.json")).json()
        names = {one["name"] for one in document["paths"]["/v1/wallets"]["post"]["parameters"]}
        assert names == {"Idempotency-Key", "If-Match", "dry_run"}
        reading = document["paths"]["/v1/wallets/numbers"]["get"]["parameters"]
        assert {one["name"] for one in reading} >= {"limit", "cursor", "as_of", "as_known", "color"}

    async def test_names_every_request(self, client: httpx.AsyncClient) -> None:
        response = await client.get("/v1/nowhere")
        assert response.json()["instance"] == f"urn:uuid:{response.headers['request-id']}"
