"""Limits and exposures over HTTP, on a real PostgreSQL, with credit's workers running."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from shared.platform.http.tokens import Token
from tests.support.credit_book import LedgerSays, golden_customer
from tests.support.credit_world import CreditWorld

pytestmark = pytest.mark.connected

OPENED = "credit.credit_file.opened.v1"


class TestExposures:
    async def test_say_limit_available_and_exceeded_of_any_day(self, credit: CreditWorld) -> None:
        says = LedgerSays()
        account = says.opened("C-1", date(2026, 1, 1))
        invoice = says.issued(account, "A", "300.00", on=date(2026, 1, 1), due_on=date(2026, 1, 31))
        token = await credit.hear(says.events)
        answer = await credit.set_limit(
            account,
            {"limit": {"amount": "250.00", "currency": "CNY"}},
            **{"consistency-token": token},
        )
        own = answer.headers["consistency-token"]

        found = await credit.get(f"/v1/exposures/{account}", **{"consistency-token": own})

        assert answer.json() == {
            "account_id": str(account),
            "version": 1,
            "legal_entity": "CN01",
            "account_number": "C-1",
            "limit": {"amount": "250.00", "currency": "CNY"},
        }
        assert found["exposure"]["amount"] == "300.00"
        assert found["available"]["amount"] == "-50.00"
        assert found["exceeded"] is True
        yesterday = await credit.get(f"/v1/exposures/{account}?as_of=2025-12-31")
        assert (yesterday["exposure"]["amount"], yesterday["limit"]) == ("0.00", None)
        assert (yesterday["available"], yesterday["exceeded"]) == (None, False)

        later = LedgerSays(_versions={invoice: 1})
        later.paid(account, invoice, "120.00", on=date(2026, 1, 1), due_on=date(2026, 1, 31))
        await credit.hear(later.events)
        await credit.settle()
        assert (await credit.get("/v1/exposures?exceeded=true"))["items"] == []
        (item,) = (await credit.get("/v1/exposures?exceeded=false"))["items"]
        assert (item["exposure"]["amount"], item["available"]["amount"]) == ("180.00", "70.00")
        (line,) = (await credit.get("/v1/credit-lines"))["items"]
        assert line == answer.json()

    async def test_take_off_money_that_came_and_put_back_what_bounced(
        self, credit: CreditWorld
    ) -> None:
        says = LedgerSays()
        account = says.opened("C-1", date(2026, 1, 1))
        on, due_on = date(2026, 1, 1), date(2026, 1, 31)
        invoice = says.issued(account, "A", "300.00", on=on, due_on=due_on)
        other = says.issued(account, "B", "40.00", on=on, due_on=due_on)
        payment = says.paid(account, invoice, "300.00", on=on, due_on=due_on)
        says.canceled(account, other, "40.00", on=date(2026, 1, 3))
        says.reversed(account, payment, invoice, "300.00", date(2026, 1, 5))
        await credit.hear(says.events)
        await credit.settle()

        exposures = [
            (await credit.get(f"/v1/exposures/{account}?as_of=2026-01-0{day}"))["exposure"]
            for day in (1, 3, 5)
        ]

        assert [each["amount"] for each in exposures] == ["40.00", "0.00", "300.00"]

    async def test_wait_for_a_token_of_a_ledger_that_was_not_heard_yet(
        self, credit: CreditWorld
    ) -> None:
        token = Token("ledger", {UUID(int=9): 1}).encode()

        behind = await credit.client.get(
            "/v1/exposures", headers={"consistency-token": token, "prefer": "wait=0"}
        )
        foreign = await credit.client.get(
            "/v1/exposures",
            headers={"consistency-token": Token("dunning", {UUID(int=9): 1}).encode()},
        )

        assert (behind.status_code, behind.json()["code"]) == (503, "projection-behind")
        assert (foreign.status_code, foreign.json()["code"]) == (400, "token-not-tracked")


class TestSetLimit:
    async def test_refuses_and_writes_nothing(self, credit: CreditWorld) -> None:
        says = LedgerSays()
        account = says.opened("C-1", date(2026, 1, 1))
        await credit.hear(says.events)
        await credit.settle()
        good = {"limit": {"amount": "5.00", "currency": "CNY"}}
        refused = [
            (await credit.set_limit(UUID(int=5), good), 404, "not-found"),
            (await credit.set_limit(account, {}), 422, "missing-field"),
            (await credit.set_limit(account, {**good, "x": 1}), 422, "unknown-field"),
            *[
                (await credit.set_limit(account, {"limit": limit}), 422, code)
                for limit, code in (
                    ({"amount": "5.00", "currency": "USD"}, "currency-mismatch"),
                    ({"amount": "5.001", "currency": "CNY"}, "amount-scale"),
                    ({"amount": "-5.00", "currency": "CNY"}, "amount-not-positive"),
                    ({"amount": "5.00", "currency": "XXY"}, "unknown-currency"),
                    ({"amount": 5, "currency": "CNY"}, "invalid-value"),
                )
            ],
            (await credit.set_limit(account, good, **{"if-match": '"v7"'}), 412, "stale-version"),
            (await credit.set_limit(account, good, key=""), 400, "idempotency-key-required"),
        ]

        for answer, status, code in refused:
            assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert refused[3][0].json()["errors"][0]["pointer"] == "/limit/currency"
        assert await credit.event_types() == [OPENED]

    @pytest.mark.parametrize("amount", ["-1", "-1.00", "-0.01"])
    async def test_says_that_it_may_be_zero(self, credit: CreditWorld, amount: str) -> None:
        """Seen: the refusal of -1 asked for more than zero, and zero was taken."""
        says = LedgerSays()
        account = says.opened("C-1", date(2026, 1, 1))
        await credit.hear(says.events)
        await credit.settle()
        refused = await credit.set_limit(account, {"limit": {"amount": amount, "currency": "CNY"}})
        zero = await credit.set_limit(
            account, {"limit": {"amount": "0", "currency": "CNY"}}, key="2"
        )

        (error,) = refused.json()["errors"]
        assert (error["pointer"], error["detail"]) == ("/limit/amount", "Must be zero or above.")
        assert (zero.status_code, zero.json()["limit"]["amount"]) == (200, "0.00")

    async def test_happens_once_per_key_and_is_quiet_about_what_is_set(
        self, credit: CreditWorld
    ) -> None:
        says = LedgerSays()
        account = says.opened("C-1", date(2026, 1, 1))
        await credit.hear(says.events)
        await credit.settle()
        zero = {"limit": {"amount": "0.00", "currency": "CNY"}}

        first = await credit.set_limit(account, zero)
        again = await credit.set_limit(account, zero)
        other = await credit.set_limit(account, {"limit": {"amount": "1.00", "currency": "CNY"}})
        same = await credit.set_limit(account, zero, key="k-2", **{"if-match": '"v1"'})

        assert (first.status_code, first.headers["etag"]) == (200, '"v1"')
        assert again.headers["idempotency-replayed"] == "true"
        assert again.content == first.content
        assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
        assert (same.status_code, same.headers["etag"]) == (200, '"v1"')
        assert (await credit.event_types()).count("credit.credit_line.limit_set.v1") == 1

    async def test_lets_the_next_review_see_how_much_is_used(self, credit: CreditWorld) -> None:
        says = LedgerSays()
        account = golden_customer(says)
        says.issued(account, "open", "9000.00", on=date(2026, 1, 2), due_on=date(2026, 3, 2))
        await credit.hear(says.events)
        await credit.settle()
        await credit.set_limit(account, {"limit": {"amount": "90000.00", "currency": "CNY"}})
        await credit.advance(date(2026, 2, 1))

        found = await credit.get(f"/v1/credit-files/{account}?as_of=2026-01-31")

        used = next(each for each in found["score"]["indicators"] if each["id"] == "UTIL")
        assert used["status"] == "available"
        assert used["value"] == found["behavior"]["util"]
        # 8 days 100,000, 18 days 50,000, 25 days 200,000, 30 days 9,000: 6,970,000 in 90 days.
        assert used["value"] == "0.8605"
