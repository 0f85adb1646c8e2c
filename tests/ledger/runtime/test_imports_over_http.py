"""A file of commands over HTTP: taken at once, done line by line, each answered as if alone."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final
from uuid import UUID

import httpx
import pytest

from shared.platform.imports.runner import ImportRunner
from shared.platform.imports.uploads import Part
from tests.support.ledger_api import LedgerApi
from tests.support.ledger_bodies import ACCOUNT, ENTITY, bill, pay

pytestmark = pytest.mark.connected

Json = dict[str, Any]
DAY: Final = "2026-01-05"
DONE_S_MAX: Final = 20.0


def line(resource: str, key: str, body: Json, **more: object) -> bytes:
    said = {"resource": resource, "idempotency_key": key, "body": body, **more}
    return json.dumps(said, ensure_ascii=False).encode()


BOOK: Final = (
    line("legal-entities", "e", ENTITY),
    line("accounts", "a", ACCOUNT),
    *(line("invoices", f"i{n}", bill(f"I-{n}", "10.00", DAY)) for n in range(5)),
    line("payments", "p", pay("P-1", "10.00", DAY)),
)


async def send(
    api: LedgerApi,
    lines: Sequence[bytes],
    key: str = "file-1",
    *,
    query: str = "",
    **headers: str,
) -> httpx.Response:
    sent = {"content-type": "application/x-ndjson", "idempotency-key": key}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    content = b"\n".join(lines)
    if headers.get("content_encoding") == "gzip":
        content = gzip.compress(content)
    return await api.client.post(f"/v1/imports{query}", content=content, headers=sent)


def runner_of(api: LedgerApi) -> ImportRunner:
    runner = api.host.imports
    assert runner is not None
    return runner


async def done(api: LedgerApi, id: str, status: str = "completed") -> Json:
    async with asyncio.timeout(DONE_S_MAX):
        while True:  # Until the timeout.
            found: Json = (await api.client.get(f"/v1/imports/{id}")).json()
            if found["status"] == status:
                return found
            await asyncio.sleep(0.02)


async def results(api: LedgerApi, id: str) -> list[Json]:
    answer = await api.client.get(f"/v1/imports/{id}/results")
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(text) for text in answer.text.splitlines()]


async def imported(api: LedgerApi, lines: Sequence[bytes], **more: Any) -> tuple[Json, list[Json]]:
    begun = await send(api, lines, **more)
    assert begun.status_code == 202, begun.text
    found = await done(api, begun.json()["id"])
    return found, await results(api, found["id"])


class TestBegun:
    async def test_does_every_line_in_its_order(self, api: LedgerApi) -> None:
        found, answers = await imported(api, BOOK)

        assert [one["status"] for one in answers] == [201] * len(BOOK)
        assert [one["line"] for one in answers] == list(range(1, len(BOOK) + 1))
        counts = {name: found[name] for name in ("lines", "done", "accepted", "refused")}
        assert counts == {"lines": 8, "done": 8, "accepted": 8, "refused": 0}
        await api.settle()
        page = await api.ask("/invoices", legal_entity="CN01", number="I-4")
        assert page["items"][0]["id"] == answers[6]["body"]["id"]

    async def test_takes_it_packed_too(self, api: LedgerApi) -> None:
        found, _ = await imported(api, BOOK, content_encoding="gzip")
        assert found["accepted"] == len(BOOK)

    async def test_refuses_lines_one_by_one_and_goes_on(self, api: LedgerApi) -> None:
        wrong = [
            b"{",
            b'"text"',
            b"",
            line("invoices", "w1", bill("I-9", "10.001", DAY)),
            line("ships", "w2", {}),
            line("invoices", "w3", {}, action="burn"),
            line("imports", "w4", {}, action="cancel", id="00000000-0000-4000-8000-000000000000"),
            json.dumps({"resource": "invoices", "body": bill("I-8", "1.00", DAY)}).encode(),
            line("invoices", "w5", bill("I-7", "1.00", DAY), extra=1),
        ]
        found, answers = await imported(api, [*BOOK[:2], *wrong, BOOK[2]])

        assert [(one["line"], one["problem"]["code"]) for one in answers if "problem" in one] == [
            (3, "malformed-json"),
            (4, "invalid-value"),
            (6, "amount-scale"),
            (7, "invalid-value"),
            (8, "invalid-value"),
            (9, "invalid-value"),
            (10, "idempotency-key-required"),
            (11, "unknown-field"),
        ]
        assert (found["accepted"], found["refused"], found["lines"]) == (3, 8, 11)
        assert answers[-1]["status"] == 201

    async def test_does_nothing_twice(self, api: LedgerApi) -> None:
        await imported(api, BOOK)
        before = await api.stored()
        again = await send(api, BOOK)
        assert (again.status_code, again.json()["status"]) == (202, "completed")
        found, answers = await imported(api, BOOK, key="file-2")

        assert await api.stored() == before
        assert found["accepted"] == len(BOOK)
        assert all(one["replayed"] for one in answers)

    async def test_stores_nothing_in_a_dry_run(self, api: LedgerApi) -> None:
        await imported(api, BOOK[:2])
        before = await api.stored()
        found, answers = await imported(api, BOOK[2:], key="dry", query="?dry_run=true")

        assert await api.stored() == before
        assert (found["dry_run"], {one["status"] for one in answers}) == (True, {200})

    async def test_without_lines_is_done(self, api: LedgerApi) -> None:
        found, answers = await imported(api, [b"", b"  "])
        assert (found["lines"], answers) == (0, [])


class TestRefused:
    @pytest.mark.parametrize(
        ("headers", "status", "code"),
        [
            ({"idempotency_key": " "}, 400, "idempotency-key-required"),
            ({"content_type": "application/json"}, 415, "unsupported-media-type"),
            ({"content_encoding": "br"}, 415, "unsupported-media-type"),
            ({"content_length": "100000001"}, 413, "body-too-large"),
        ],
    )
    async def test_by_its_head(
        self, api: LedgerApi, headers: dict[str, str], status: int, code: str
    ) -> None:
        answer = await send(api, [], **headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert (await api.client.get("/v1/imports")).json()["items"] == []

    async def test_is_another_file_under_the_same_key(self, api: LedgerApi) -> None:
        await imported(api, BOOK)
        for lines, query in ((BOOK[:2], ""), (BOOK, "?dry_run=true")):
            answer = await send(api, lines, query=query)
            assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")

    async def test_is_one_that_nobody_knows(self, api: LedgerApi) -> None:
        nobody = "/v1/imports/00000000-0000-4000-8000-000000000000"
        for path in (nobody, f"{nobody}/results"):
            assert (await api.client.get(path)).status_code == 404
        for verb in ("cancel", "resume"):
            assert (await api.client.post(f"{nobody}:{verb}")).status_code == 404


class TestCut:
    async def test_upload_is_begun_anew(self, api: LedgerApi) -> None:
        """What came before the connection was lost is not done."""

        async def cut() -> AsyncIterator[bytes]:
            yield b"\n".join([*BOOK] * 200)
            raise ConnectionResetError

        headers = {"content-type": "application/x-ndjson", "idempotency-key": "file-1"}
        answer = await api.client.post("/v1/imports", content=cut(), headers=headers)
        assert answer.status_code == 503  # Nobody is there to read it.
        (left,) = (await api.client.get("/v1/imports")).json()["items"]
        assert (left["status"], left["lines"]) == ("receiving", 0)
        found, answers = await imported(api, BOOK)
        assert (found["id"], len(answers)) == (left["id"], len(BOOK))

    async def test_upload_that_still_sends_is_left_out(self, api: LedgerApi) -> None:
        """It was taken for dead: what comes of it after the next one was whole is not done."""
        await runner_of(api).stop()
        store, id = runner_of(api).store, UUID(int=5)
        late = await store.begin(id, is_dry_run=False)
        whole = await store.begin(id, is_dry_run=False)
        assert (late, whole) == (1, 2)
        await store.add(id, 2, Part(1, 1, b"whole"))
        assert await store.received(id, 2, b"hash", 1)
        await store.add(id, 1, Part(1, 1, b"late"))
        assert not await store.received(id, 1, b"hash", 1)
        part = await store.next_part()
        assert part is not None
        await store.finish(part, b"answers", accepted=1, refused=0)
        await store.finish(part, b"again", accepted=1, refused=0)
        done = await store.find(id)
        assert done is not None
        assert (part.content, done.status, done.done_count) == (b"whole", "completed", 1)
        assert await store.next_part() is None


class TestStopped:
    async def test_goes_on_where_it_was_canceled(self, api: LedgerApi) -> None:
        """The runner is held off, so that nothing is done before it is canceled."""
        await runner_of(api).stop()
        id = (await send(api, BOOK)).json()["id"]
        canceled = (await api.client.post(f"/v1/imports/{id}:cancel")).json()
        assert (canceled["status"], canceled["done"]) == ("canceled", 0)
        runner_of(api).start()
        runner_of(api).notify()
        await asyncio.sleep(0.2)
        assert (await api.client.get(f"/v1/imports/{id}")).json()["status"] == "canceled"

        await api.client.post(f"/v1/imports/{id}:resume")
        assert (await done(api, id))["accepted"] == len(BOOK)
        again = (await api.client.post(f"/v1/imports/{id}:cancel")).json()
        assert again["status"] == "completed"

    async def test_of_a_bug_rests_until_it_is_asked_for_and_lets_others_go_on(
        self, api: LedgerApi, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        usual = runner_of(api)._answers

        async def broken(part: Any) -> Any:
            if b"I-3" in part.content:
                raise ZeroDivisionError
            return await usual(part)

        monkeypatch.setattr(runner_of(api), "_answers", broken)
        id = (await send(api, BOOK)).json()["id"]
        stopped = await done(api, id, "stopped")
        assert (stopped["error"], stopped["done"]) == ("ZeroDivisionError", 0)
        assert (await imported(api, BOOK[:2], key="other"))[0]["accepted"] == 2
        monkeypatch.undo()
        await api.client.post(f"/v1/imports/{id}:resume")
        assert (await done(api, id))["error"] is None

    async def test_waits_for_what_is_away_and_refuses_nothing_because_of_it(
        self, api: LedgerApi, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The account cannot be opened at first: its invoices are not said that it is unknown."""
        usual, left = api.host.writer.enqueue, [2]

        def overloaded(*work: Any, **more: Any) -> Any:
            if more.get("is_bulk") and left[0]:
                left[0] -= 1
                raise ConnectionResetError
            return usual(*work, **more)

        monkeypatch.setattr(api.host.writer, "enqueue", overloaded)
        _, answers = await imported(api, BOOK)
        assert left == [0]
        assert [one["status"] for one in answers] == [201] * len(BOOK)


class TestList:
    async def test_has_the_newest_first_page_by_page(self, api: LedgerApi) -> None:
        ids = [(await imported(api, BOOK, key=f"file-{n}"))[0]["id"] for n in range(3)]
        first = (await api.client.get("/v1/imports", params={"limit": 2})).json()
        rest = (
            await api.client.get("/v1/imports", params={"limit": 2, "cursor": first["next"]})
        ).json()
        found = [one["id"] for one in (*first["items"], *rest["items"])]
        assert (found, rest["next"]) == (ids[::-1], None)
