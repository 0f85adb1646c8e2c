"""Who stands behind an account, changed over HTTP; and e-mail addresses that nobody could get."""

from __future__ import annotations

import asyncio

import pytest

from shared.platform.hosting.settings import TENANT_DEFAULT
from tests.support.ledger_api import Json, LedgerApi
from tests.support.ledger_bodies import ACCOUNT, opened

pytestmark = pytest.mark.connected

ADDRESS = "苏州市工业园区星湖街1号\n215000"
PERSON = {"name": "王芳", "phone": "+86 21 5555 0100", "email": "wang.fang@example.com"}
OTHER = "7f020000-0000-4000-8000-000000000002"
UNUSABLE = [
    "billing@[example.test",
    "info@b,c.test",
    "a@b",
    "a@@b.test",
    "a@b@c.test",
    "a@b.test.",
    "a b@c.test",
    " a@c.test",
    "Li Lei <li@example.com>",
    "li@example.com, wang@example.com",
    "a..b@c.test",
    "a@b..test",
    "a@localhost",
    "@b.test",
    "a@",
    f"{'x' * 65}@b.test",
    f"x@{'y' * 63}.{'y' * 63}.{'y' * 63}.{'y' * 63}.test",
]
USABLE = ["x@customer.example", "y@kunde.test", "müller@exämple.de", "李雷@例子.中国", "a+b@c.test"]


@pytest.fixture
async def account(api: LedgerApi) -> str:
    return f"/accounts/{(await opened(api))['id']}"


class TestChangeDetails:
    async def test_changes_what_is_said_and_nothing_else(
        self, api: LedgerApi, account: str
    ) -> None:
        before = await api.ask(account)
        changed = await api.post(
            f"{account}:change-details",
            {"email": "ap@customer.example", "postal_address": ADDRESS, "contact_person": PERSON},
        )
        shown = await api.ask(account)

        assert (changed.status_code, changed.headers["etag"]) == (200, '"v2"')
        assert shown == {
            **before,
            "version": 2,
            "email": "ap@customer.example",
            "postal_address": ADDRESS,
            "contact_person": PERSON,
        }
        await api.do(
            f"{account}:change-details",
            {"name": "苏州精密机械有限公司", "phone": "1", "language": "en", "sales_owner": "李强"},
        )
        assert await api.ask(account) == {
            **shown,
            "version": 3,
            "name": "苏州精密机械有限公司",
            "phone": "1",
            "language": "en",
            "sales_owner": "李强",
        }

    async def test_takes_away_what_is_null(self, api: LedgerApi, account: str) -> None:
        change = f"{account}:change-details"
        await api.do(change, {"email": "a@b.test", "phone": "1", "postal_address": ADDRESS})
        gone = ("email", "phone", "postal_address", "contact_person", "sales_owner")
        await api.do(change, dict.fromkeys((*gone, "collector_id")))

        shown = await api.ask(account)
        assert {name: shown[name] for name in (*gone, "collector_id")} == dict.fromkeys(
            (*gone, "collector_id")
        )
        assert shown["name"] == ACCOUNT["name"]

    async def test_replaces_a_contact_person_as_a_whole(self, api: LedgerApi, account: str) -> None:
        await api.do(f"{account}:change-details", {"contact_person": {"name": "王芳"}})

        assert (await api.ask(account))["contact_person"] == {
            "name": "王芳", "phone": None, "email": None,
        }  # fmt: skip

    async def test_keeps_all_of_it_out_of_events(self, api: LedgerApi, account: str) -> None:
        await api.do(
            f"{account}:change-details",
            {"email": "ap@customer.example", "contact_person": PERSON, "collector_id": OTHER},
        )

        assert [kind for kind, _ in (await api.events())[-2:]] == [
            "ledger.account.details_changed.v1",
            "ledger.account.collector_changed.v1",
        ]
        async with api.database.bound([TENANT_DEFAULT]) as connection:
            written = await connection.exec_driver_sql(
                "SELECT string_agg(convert_from(data, 'UTF8'), '') FROM es_event"
            )
            text: str = written.scalar_one()
        assert '"fields":["contact_person","email"]' in text
        for secret in ("customer.example", "王芳", "5555", "wang"):
            assert secret not in text

    async def test_gives_it_to_another_collector_once(self, api: LedgerApi, account: str) -> None:
        first = await api.do(f"{account}:change-details", {"collector_id": OTHER})
        again = await api.do(f"{account}:change-details", {"collector_id": OTHER})

        assert (first["collector_id"], first["version"]) == (OTHER, 2)
        assert again == first
        assert [one["id"] for one in (await api.ask("/accounts", collector_id=OTHER))["items"]] == [
            first["id"]
        ]

    async def test_of_two_at_once_loses_neither(self, api: LedgerApi, account: str) -> None:
        change = f"{account}:change-details"
        answers = await asyncio.gather(
            *(api.post(change, body) for body in ({"email": "a@b.test"}, {"phone": "1"}))
        )

        assert [answer.status_code for answer in answers] == [200, 200]
        shown = await api.ask(account)
        assert (shown["email"], shown["phone"], shown["version"]) == ("a@b.test", "1", 3)

    async def test_is_tried_first(self, api: LedgerApi, account: str) -> None:
        before = await api.ask(account)
        url = f"/v1{account}:change-details?dry_run=true"
        tried = await api.client.post(url, json={"name": "x", "collector_id": OTHER})

        assert (tried.status_code, tried.json()["collector_id"]) == (200, OTHER)
        assert await api.ask(account) == before

    async def test_refuses_what_cannot_be(self, api: LedgerApi, account: str) -> None:
        before, change = await api.stored(), f"{account}:change-details"
        wrong: list[tuple[str, Json, int, str, str]] = [
            (change, {}, 422, "invalid-value", ""),
            (change, {"name": None}, 422, "invalid-value", "/name"),
            (change, {"name": ""}, 422, "invalid-value", "/name"),
            (change, {"language": None}, 422, "invalid-value", "/language"),
            (change, {"postal_address": "\n"}, 422, "invalid-value", "/postal_address"),
            (change, {"contact_person": {"phone": "1"}}, 422, "missing-field",
             "/contact_person/name"),
            (change, {"number": "C-9"}, 422, "unknown-field", "/number"),
            (f"/accounts/{OTHER}:change-details", {"name": "x"}, 404, "not-found", ""),
        ]  # fmt: skip
        for path, body, status, code, pointer in wrong:
            answer = await api.post(path, body)
            problem = answer.json()
            assert (answer.status_code, problem["code"]) == (status, code), (body, problem)
            assert problem["errors"][0]["pointer"] == pointer, (body, problem)
        assert await api.stored() == before


class TestEmailAddresses:
    async def test_that_nobody_could_get_are_refused(self, api: LedgerApi, account: str) -> None:
        before, new = await api.stored(), {**ACCOUNT, "number": "C-2"}
        for email in UNUSABLE:
            person = {"name": "王芳", "email": email}
            refused: list[tuple[str, Json, str]] = [
                ("/accounts", {**new, "email": email}, "/email"),
                ("/accounts", {**new, "contact_person": person}, "/contact_person/email"),
                (f"{account}:change-details", {"email": email}, "/email"),
                (f"{account}:change-details", {"contact_person": person}, "/contact_person/email"),
            ]
            for path, body, pointer in refused:
                answer = await api.post(path, body)
                problem = answer.json()
                long = len(email) > 254
                expected = "invalid-value" if long else "email-address-invalid"
                assert (answer.status_code, problem["code"]) == (422, expected), email
                assert problem["errors"][0]["pointer"] == pointer
                assert email not in answer.text
        assert await api.stored() == before

    @pytest.mark.parametrize("email", USABLE)
    async def test_that_are_addresses_are_kept(
        self, api: LedgerApi, account: str, email: str
    ) -> None:
        await api.do(f"{account}:change-details", {"email": email})
        made = await api.do("/accounts", {**ACCOUNT, "number": "C-2", "email": email})

        for path in (account, f"/accounts/{made['id']}"):
            assert (await api.ask(path))["email"] == email
