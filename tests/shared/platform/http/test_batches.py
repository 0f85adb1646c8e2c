"""Many commands in one request: each is done, refused or repeated as if it were alone."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.platform.http.app import create_app
from shared.platform.http.lines import LINES_MAX
from shared.platform.http.parts import Parts
from shared.platform.http.turns import turns
from shared.platform.store.port import StreamInfo
from tests.shared.platform.http.conftest import StandingClock
from tests.shared.platform.http.test_commands_over_http import (
    WALLET,
    assert_problem,
    events_in,
    post,
)

Json = dict[str, Any]
BATCH = "/v1/wallets:batch"


def opened(number: str, key: str | None = None, **change: object) -> Json:
    body = {**WALLET, "number": number, **change}
    return {"idempotency_key": key or f"open {number}", "body": body}


def added(id: str, key: str, amount: str = "2.50") -> Json:
    body = {"amount": {"amount": amount, "currency": "CNY"}}
    return {"idempotency_key": key, "action": "add", "id": id, "body": body}


async def answers(client: httpx.AsyncClient, *lines: Json, path: str = BATCH) -> list[Json]:
    response = await client.post(path, json={"items": list(lines)})
    assert response.status_code == 207, response.text
    found: list[Json] = response.json()["items"]
    assert [one["line"] for one in found] == list(range(1, len(lines) + 1))
    return found


class TestLines:
    async def test_are_answered_as_they_would_be_alone(
        self, client: httpx.AsyncClient, parts: Parts
    ) -> None:
        first, second = await answers(client, opened("B-1"), opened("B-2"))
        assert (first["status"], second["status"]) == (201, 201)
        assert first["idempotency_key"] == "open B-1"
        assert (first["replayed"], first["body"]["version"]) == (False, 1)
        assert events_in(parts) == 2
        alone = await post(client, "/v1/wallets", WALLET, "open B-1")
        assert alone.headers["idempotency-replayed"] == "true"
        assert alone.json() == first["body"]
        assert alone.headers["consistency-token"] == first["consistency_token"]

    async def test_are_replayed_when_they_were_done_alone(
        self, client: httpx.AsyncClient, parts: Parts
    ) -> None:
        alone = await post(client, "/v1/wallets", WALLET, 'a "key"')
        (again,) = await answers(client, opened("B-1", 'a "key"'))
        assert again["replayed"] is True
        assert again["body"] == alone.json()
        assert events_in(parts) == 1

    async def test_see_what_lines_of_other_actions_did_before(
        self, client: httpx.AsyncClient
    ) -> None:
        id = (await post(client, "/v1/wallets?dry_run=true", WALLET)).json()["id"]
        found = await answers(
            client, added(id, "a"), opened("B-1"), added(id, "b"), added(id, "c", "0.01")
        )
        assert [one["status"] for one in found] == [404, 201, 200, 200]
        assert [one["body"]["version"] for one in found[1:]] == [1, 2, 3]

    async def test_are_refused_one_by_one(self, client: httpx.AsyncClient, parts: Parts) -> None:
        found = await answers(
            client,
            opened("B-1"),
            opened("B-1", "again"),
            opened("B-2", opened_on="31.01.2026"),
            opened("B-3", extra=1),
            opened("B-4", content={"amount": "1.00", "currency": "EUR"}),
            opened("B-5", "open B-1"),
        )
        problems = [(one["status"], one.get("problem", {}).get("code")) for one in found]
        assert problems == [
            (201, None),
            (409, "number-already-used"),
            (422, "invalid-value"),
            (422, "unknown-field"),
            (422, "currency-mismatch"),
            (422, "idempotency-key-reused"),
        ]
        assert found[2]["problem"]["errors"][0]["pointer"] == "/opened_on"
        assert "body" not in found[1]
        assert events_in(parts) == 1

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"action": "burn"}, "/action"),
            ({"action": "add"}, "/id"),
            ({"id": str(UUID(int=1))}, "/id"),
            ({"idempotency_key": None}, "/idempotency_key"),
        ],
    )
    async def test_name_what_is_wrong_with_the_line_itself(
        self, client: httpx.AsyncClient, parts: Parts, change: Json, pointer: str
    ) -> None:
        refused, done = await answers(client, {**opened("B-1"), **change}, opened("B-2"))
        assert refused["problem"]["errors"][0]["pointer"] == pointer
        assert (refused["status"] in (400, 422), done["status"]) == (True, 201)
        assert events_in(parts) == 1

    async def test_obey_the_expected_version(self, client: httpx.AsyncClient) -> None:
        id = (await post(client, "/v1/wallets", WALLET)).json()["id"]
        stale, fits = await answers(
            client,
            {**added(id, "a"), "expected_version": 2},
            {**added(id, "b"), "expected_version": 1},
        )
        assert (stale["status"], stale["problem"]["code"]) == (412, "stale-version")
        assert (fits["status"], fits["body"]["version"]) == (200, 2)

    async def test_are_decided_in_their_order_though_the_first_has_to_look_longer(
        self, client: httpx.AsyncClient, parts: Parts, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        id = (await post(client, "/v1/wallets", WALLET)).json()["id"]
        usual, looks = parts.store.describe, [0.05, 0.0]

        async def slow(tenant_id: UUID, streams: Collection[UUID]) -> Mapping[UUID, StreamInfo]:
            await asyncio.sleep(looks.pop(0))
            return await usual(tenant_id, streams)

        monkeypatch.setattr(parts.store, "describe", slow)
        found = await answers(
            client,
            {**added(id, "a"), "expected_version": 1},
            {**added(id, "b"), "expected_version": 2},
        )
        assert [(one["status"], one["body"]["version"]) for one in found] == [(200, 2), (200, 3)]

    async def test_with_a_bug_harm_no_other_line(
        self, client: httpx.AsyncClient, parts: Parts
    ) -> None:
        id = (await post(client, "/v1/wallets", WALLET)).json()["id"]
        bug = {"idempotency_key": "e", "action": "empty", "id": id}
        crashed, done = await answers(client, bug, opened("B-2"))
        assert (crashed["status"], crashed["problem"]["code"]) == (500, "internal-error")
        assert "secret" not in str(crashed)
        assert done["status"] == 201

    async def test_do_nothing_in_a_dry_run(self, client: httpx.AsyncClient, parts: Parts) -> None:
        unnamed = {**opened("B-2"), "idempotency_key": None}
        found = await answers(client, opened("B-1"), unnamed, path=f"{BATCH}?dry_run=true")
        assert [one["status"] for one in found] == [200, 200]
        assert events_in(parts) == 0

    @settings(
        max_examples=20,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(st.lists(st.sampled_from(["open", "add", "add too much"]), min_size=1, max_size=20))
    async def test_come_to_what_they_come_to_one_after_another(
        self, client: httpx.AsyncClient, what: list[str]
    ) -> None:
        """The same lines in one request and in one request each: the same answers."""
        mark = "".join(each[-1] for each in what)

        def lines(which: str) -> list[Json]:
            number = f"{which} {mark}"
            made: list[Json] = []
            for nth, each in enumerate(what):
                key = f"{number} {nth}"
                if each == "open":
                    made.append(opened(number, key))
                else:
                    amount = "1.00" if each == "add" else "1.001"
                    made.append(added(ids[which], key, amount))
            return made

        ids = {
            which: (
                await client.post(
                    "/v1/wallets",
                    params={"dry_run": "true"},
                    json={**WALLET, "number": f"{which} {mark}"},
                )
            ).json()["id"]
            for which in ("together", "alone")
        }
        together = await answers(client, *lines("together"))
        alone = [(await answers(client, line))[0] for line in lines("alone")]
        assert [one["status"] for one in together] == [one["status"] for one in alone]
        versions = [[one.get("body", {}).get("version") for one in of] for of in (together, alone)]
        assert versions[0] == versions[1]


class TestBatch:
    @pytest.mark.parametrize(
        ("body", "code", "pointer"),
        [
            ({"items": []}, "invalid-value", "/items"),
            ({"items": [{}] * (LINES_MAX + 1)}, "invalid-value", "/items"),
            ({}, "missing-field", "/items"),
            ({"items": [{"idempotency_key": " "}]}, "invalid-value", "/items/0/idempotency_key"),
            ({"items": [{"body": 1}]}, "invalid-value", "/items/0/body"),
            ({"items": [{"key": "k"}]}, "unknown-field", "/items/0/key"),
        ],
    )
    async def test_that_cannot_be_read_does_nothing(
        self, client: httpx.AsyncClient, parts: Parts, body: Json, code: str, pointer: str
    ) -> None:
        assert_problem(await client.post(BATCH, json=body), 422, code, pointer)
        assert events_in(parts) == 0

    async def test_of_the_most_lines_is_taken(
        self, client: httpx.AsyncClient, parts: Parts
    ) -> None:
        found = await answers(client, *(opened(f"B-{n}") for n in range(LINES_MAX)))
        assert {one["status"] for one in found} == {201}
        assert events_in(parts) == LINES_MAX

    async def test_whose_lines_find_no_room_tells_each(self, parts: Parts) -> None:
        await parts.writer.close()  # type: ignore[attr-defined] # The fixture's own writer.
        transport = httpx.ASGITransport(create_app(parts))
        async with httpx.AsyncClient(transport=transport, base_url="http://toy") as client:
            found = await answers(client, opened("B-1"))
        assert (found[0]["status"], found[0]["problem"]["code"]) == (503, "service-unavailable")


class TestTurns:
    async def test_come_in_order_whoever_is_ready_first(self) -> None:
        now = await StandingClock().now()
        places, came = turns(3, now), []

        async def go(nth: int) -> None:
            await places[nth].comes()
            came.append(nth)
            places[nth].pass_on()
            places[nth].pass_on()

        await asyncio.gather(*(go(nth) for nth in (2, 0, 1)))
        assert came == [0, 1, 2]
