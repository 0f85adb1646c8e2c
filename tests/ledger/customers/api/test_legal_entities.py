"""Legal entities over HTTP: what they are registered with, and when their book is taken over."""

from __future__ import annotations

import pytest

from tests.support.ledger_api import Json, LedgerApi
from tests.support.ledger_bodies import ENTITY, cny, instant

pytestmark = pytest.mark.connected

CHANGE = "/legal-entities/CN01:change-take-over-date"
ADDRESS = "上海市静安区南京西路1号\n200041"


class TestRegister:
    async def test_shows_what_was_said_and_what_goes_without_saying(self, api: LedgerApi) -> None:
        plain = await api.do("/legal-entities", ENTITY)
        told = await api.do(
            "/legal-entities",
            {
                **ENTITY,
                "code": "CN02",
                "take_over_on": "2012-01-01",
                "notice_minimum": cny("0.00"),
                "address": ADDRESS,
            },
        )

        assert {name: plain[name] for name in ("take_over_on", "notice_minimum", "address")} == {
            "take_over_on": None,
            "notice_minimum": cny("1.00"),
            "address": None,
        }
        assert (told["take_over_on"], told["notice_minimum"]) == ("2012-01-01", cny("0.00"))
        assert told["address"] == ADDRESS
        for made in (plain, told):
            assert await api.ask(f"/legal-entities/{made['code']}") == made
        assert (await api.ask("/legal-entities"))["items"] == [plain, told]

    async def test_refuses_what_cannot_be_and_writes_nothing(self, api: LedgerApi) -> None:
        wrong: list[tuple[Json, str, str]] = [
            ({"notice_minimum": {"amount": "1.00", "currency": "EUR"}},
             "currency-mismatch", "/notice_minimum/currency"),
            ({"notice_minimum": cny("-1.00")}, "amount-not-positive", "/notice_minimum/amount"),
            ({"take_over_on": "2026-02-30"}, "invalid-value", "/take_over_on"),
            ({"address": " "}, "invalid-value", "/address"),
            ({"address": "x" * 501}, "invalid-value", "/address"),
        ]  # fmt: skip
        for change, code, pointer in wrong:
            answer = await api.post("/legal-entities", {**ENTITY, **change})
            problem = answer.json()
            assert (answer.status_code, problem["code"]) == (422, code), problem
            assert problem["errors"][0]["pointer"] == pointer
        assert await api.stored() == (0, 0, 0)


class TestChangeTakeOverDate:
    """It is 5 January 2026."""

    async def test_moves_it_until_it_is_reached(self, api: LedgerApi) -> None:
        await api.do("/legal-entities", {**ENTITY, "take_over_on": "2026-02-01"})

        moved = await api.post(CHANGE, {"take_over_on": "2026-01-10"})
        assert (moved.status_code, moved.headers["etag"]) == (200, '"v2"')
        assert moved.json()["take_over_on"] == "2026-01-10"
        assert await api.ask("/legal-entities/CN01") == moved.json()
        again = await api.post(CHANGE, {"take_over_on": "2026-01-10"})
        assert again.json() == moved.json()

        before = await api.stored()
        await api.advance(instant("2026-01-10"))
        late = await api.post(CHANGE, {"take_over_on": "2026-03-01"})
        assert (late.status_code, late.json()["code"]) == (409, "take-over-date-reached")
        assert await api.stored() == before
        assert await api.events() == [
            ("ledger.legal_entity.registered.v1", "2026-01-05"),
            ("ledger.legal_entity.take_over_date_changed.v1", "2026-01-05"),
        ]

    async def test_gives_one_to_an_entity_without(self, api: LedgerApi) -> None:
        await api.do("/legal-entities", ENTITY)

        assert (await api.do(CHANGE, {"take_over_on": "2026-01-05"}))["version"] == 2

    async def test_refuses_what_cannot_be(self, api: LedgerApi) -> None:
        await api.do("/legal-entities", ENTITY)
        before = await api.stored()
        other = CHANGE.replace("CN01", "DE01")
        wrong: list[tuple[str, Json, int, str]] = [
            (CHANGE, {"take_over_on": "2026-01-04"}, 422, "effective-date-out-of-range"),
            (CHANGE, {"take_over_on": None}, 422, "invalid-value"),
            (CHANGE, {}, 422, "missing-field"),
            (other, {"take_over_on": "2026-02-01"}, 404, "not-found"),
        ]
        for path, body, status, code in wrong:
            answer = await api.post(path, body)
            assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        stale = await api.post(CHANGE, {"take_over_on": "2026-02-01"}, headers={"if-match": '"v9"'})
        assert stale.status_code == 412
        assert await api.stored() == before
