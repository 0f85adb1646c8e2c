"""Credit as its users see it: over HTTP, on a real PostgreSQL, with its workers running."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
import sqlalchemy as sa

from services.credit.domain.credit_file import events as file_events
from services.credit.domain.credit_file.decide import credit_file
from services.credit.projections.review_facts import review_facts
from services.credit.reactions.when_review_started_score_the_customer import react
from shared.kernel.decider import Book
from shared.kernel.envelope import Recorded
from shared.platform.http.tokens import Token
from tests.support.credit_book import ENTITY, TENANT, LedgerSays, noon
from tests.support.credit_world import CreditWorld

pytestmark = pytest.mark.connected

JAN_31 = date(2026, 1, 31)
OPENED, REVIEWED = "credit.credit_file.opened.v1", "credit.credit_file.review_started.v1"
SCORED, GRADED = "credit.credit_file.scored.v1", "credit.credit_file.grade_changed.v1"


def golden_customer(says: LedgerSays, number: str = "C-1001") -> UUID:
    """Paid five days late, two early, twenty late, in January 2026; here since the 1st."""
    account = says.opened(number, date(2026, 1, 1))
    for n, (total, due_on, paid_on) in enumerate(
        [
            ("100000.00", date(2026, 1, 5), date(2026, 1, 10)),
            ("50000.00", date(2026, 1, 22), date(2026, 1, 20)),
            ("200000.00", date(2026, 1, 7), date(2026, 1, 27)),
        ]
    ):
        invoice = says.issued(account, f"{number}-{n}", total, on=date(2026, 1, 2), due_on=due_on)
        says.paid(account, invoice, total, on=paid_on, due_on=due_on)
    return account


async def reviewed(credit: CreditWorld, number: str = "C-1001") -> UUID:
    """The golden customer after its first month end."""
    says = LedgerSays()
    account = golden_customer(says, number)
    await credit.hear(says.events)
    await credit.settle()
    await credit.advance(date(2026, 2, 1))
    return account


class TestCreditFile:
    async def test_is_there_unrated_as_soon_as_the_ledger_has_the_account(
        self, credit: CreditWorld
    ) -> None:
        says = LedgerSays()
        account = says.opened("C-1001", date(2026, 1, 1))
        token = await credit.hear(says.events)

        found = await credit.get(f"/v1/credit-files/{account}", **{"consistency-token": token})

        assert (found["grade"], found["score"], found["reviews"]) == ("未评级", None, [])
        assert found["as_of"] == "2026-01-01"
        await credit.settle()
        assert await credit.event_types() == [OPENED]

    async def test_has_score_grade_and_reasons_after_the_month_end(
        self, credit: CreditWorld
    ) -> None:
        account = await reviewed(credit)

        found = await credit.get(f"/v1/credit-files/{account}")

        assert await credit.event_types() == [OPENED, REVIEWED, SCORED, GRADED]
        assert (found["grade"], found["grade_since"], found["version"]) == ("较差", "2026-01-31", 4)
        assert found["score"]["score"] == "46.9697"  # (30 x 70 + 14 x 0 + 14 x 60 + 8 x 20) / 66
        assert found["score"]["coverage"] == "0.8919"
        assert [each["id"] for each in found["score"]["reasons"]] == [
            "LATE_AMT",
            "ADBT",
            "TENURE",
            "MAX_DPD",
        ]
        assert found["behavior"] == {
            "window_after": "2025-02-01",
            "allocations": 3,
            "adbt": "12.5714",
            "payment_index": "71.6190",
            "late_cnt": "0.6667",
            "late_amt": "0.8571",
            "max_dpd": 20,
            "trend": None,
            "tenure_months": 0,
            "util": None,
        }
        assert found["reviews"] == [
            {
                "as_of": "2026-01-31",
                "score": "46.9697",
                "band": "较差",
                "coverage": "0.8919",
                "grade": "较差",
            }
        ]

    async def test_is_dated_by_the_month_end(self, credit: CreditWorld) -> None:
        account = await reviewed(credit)

        before = await credit.get(f"/v1/credit-files/{account}?as_of=2026-01-30")
        on_the_day = await credit.get(f"/v1/credit-files/{account}?as_of=2026-01-31")
        unknown = await credit.get(
            f"/v1/credit-files/{account}?as_of=2026-01-31&as_known=2026-01-31T15:59:59Z"
        )

        assert (before["grade"], before["score"], before["reviews"]) == ("未评级", None, [])
        assert on_the_day["grade"] == "较差"
        assert (unknown["grade"], unknown["score"], unknown["reviews"]) == ("未评级", None, [])
        assert unknown["behavior"]["allocations"] == 3

    async def test_has_no_score_before_three_allocations_and_stays_unrated(
        self, credit: CreditWorld
    ) -> None:
        says = LedgerSays()
        account = says.opened("C-1001", date(2026, 1, 1))
        await credit.hear(says.events)
        await credit.settle()
        await credit.advance(date(2026, 2, 1))
        await credit.advance(date(2026, 3, 1))

        found = await credit.get(f"/v1/credit-files/{account}")

        assert await credit.event_types() == [OPENED, REVIEWED, REVIEWED]
        assert found["grade"] == "未评级"
        assert [(each["as_of"], each["score"]) for each in found["reviews"]] == [
            ("2026-02-28", None),
            ("2026-01-31", None),
        ]

    async def test_shows_a_backdated_payment_as_of_then_but_not_as_known_then(
        self, credit: CreditWorld
    ) -> None:
        says = LedgerSays()
        account = golden_customer(says)
        late = says.issued(account, "late", "300.00", on=date(2026, 1, 2), due_on=date(2026, 1, 3))
        says.paid(
            account,
            late,
            "300.00",
            on=date(2026, 1, 4),
            due_on=date(2026, 1, 3),
            recorded_at=noon(date(2026, 3, 5)),
        )
        token = await credit.hear(says.events)
        path = f"/v1/credit-files/{account}?as_of=2026-01-31"
        exposed = f"/v1/exposures/{account}?as_of=2026-01-31"

        now = await credit.get(path, **{"consistency-token": token})
        then = await credit.get(f"{path}&as_known=2026-03-01T00:00:00Z")

        assert (now["behavior"]["allocations"], now["behavior"]["max_dpd"]) == (4, 20)
        assert (then["behavior"]["allocations"], then["behavior"]["max_dpd"]) == (3, 28)
        await credit.settle()
        assert (await credit.get(exposed))["exposure"]["amount"] == "0.00"
        known = await credit.get(f"{exposed}&as_known=2026-03-01T00:00:00Z")
        assert known["exposure"]["amount"] == "300.00"

    async def test_is_the_same_when_a_review_is_computed_again_later(
        self, credit: CreditWorld
    ) -> None:
        account = await reviewed(credit)
        async with credit.database.bound([TENANT]) as connection:
            row = (
                await connection.execute(
                    sa.text("SELECT event_id, recorded_at FROM es_event WHERE type = :type"),
                    {"type": REVIEWED},
                )
            ).one()
        started = Recorded(
            event=file_events.CreditFileReviewStarted(account_id=account, as_of=JAN_31),
            type=REVIEWED,
            id=row.event_id,
            stream_id=credit_file.stream(Book(TENANT, ENTITY), str(account)).id,
            version=2,
            tenant_id=TENANT,
            account_id=account,
            legal_entity=ENTITY,
            effective_on=JAN_31,
            recorded_at=row.recorded_at,
        )
        async with credit.database.bound([TENANT]) as connection:
            before = react(started, await review_facts(connection, started))

        says = LedgerSays()
        invoice = says.issued(account, "X", "999.00", on=date(2026, 1, 3), due_on=date(2026, 1, 4))
        says.events[0] = _recorded_on(says.events[0], date(2026, 2, 3))
        says.paid(account, invoice, "999.00", on=date(2026, 2, 3), due_on=date(2026, 1, 4))
        await credit.hear(says.events)
        await credit.set_limit(account, {"limit": {"amount": "1.00", "currency": "CNY"}})
        await credit.settle()
        async with credit.database.bound([TENANT]) as connection:
            after = react(started, await review_facts(connection, started))

        assert before == after

    async def test_is_not_found_where_nobody_has_heard_of_the_account(
        self, credit: CreditWorld
    ) -> None:
        for path in ("credit-files", "exposures", "credit-lines"):
            for id in (UUID(int=5), "nonsense"):
                answer = await credit.client.get(f"/v1/{path}/{id}")
                assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


class TestCreditFiles:
    async def test_lists_by_account_or_worst_first_and_by_grade(self, credit: CreditWorld) -> None:
        says = LedgerSays()
        golden_customer(says, "C-2")
        says.opened("C-1", date(2026, 1, 1))
        good = says.opened("C-3", date(2026, 1, 1))
        for n in range(3):
            due_on = date(2026, 1, 20)
            invoice = says.issued(good, f"G{n}", "10.00", on=date(2026, 1, 2), due_on=due_on)
            says.paid(good, invoice, "10.00", on=date(2026, 1, 19), due_on=due_on)
        await credit.hear(says.events)
        await credit.settle()
        await credit.advance(date(2026, 2, 1))

        by_account = await credit.get("/v1/credit-files?legal_entity=CN01")
        first = await credit.get("/v1/credit-files?sort=score&limit=1")
        rest = await credit.get(f"/v1/credit-files?sort=score&limit=2&cursor={first['next']}")
        worst = await credit.get("/v1/credit-files?grade=较差&grade=一般")
        then = await credit.get("/v1/credit-files?as_of=2026-01-30")

        assert [each["account_number"] for each in by_account["items"]] == ["C-1", "C-2", "C-3"]
        assert [each["account_number"] for each in first["items"]] == ["C-2"]
        assert [each["account_number"] for each in rest["items"]] == ["C-3", "C-1"]
        assert rest["next"] is None
        assert [each["account_number"] for each in worst["items"]] == ["C-2"]
        assert {each["grade"] for each in then["items"]} == {"未评级"}
        assert by_account["items"][1] == {
            "account_id": str(by_account["items"][1]["account_id"]),
            "legal_entity": "CN01",
            "account_number": "C-2",
            "grade": "较差",
            "grade_since": "2026-01-31",
            "score": "46.9697",
            "scored_as_of": "2026-01-31",
        }

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("grade=A", "invalid-query"),
            ("sort=name", "invalid-query"),
            ("color=red", "invalid-query"),
            ("as_of=2026-02-30", "invalid-query"),
            ("cursor=abc", "invalid-cursor"),
        ],
    )
    async def test_refuses_a_question_it_does_not_know(
        self, credit: CreditWorld, query: str, code: str
    ) -> None:
        answer = await credit.client.get(f"/v1/credit-files?{query}")

        assert (answer.status_code, answer.json()["code"]) == (400, code)


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


def _recorded_on(recorded: Recorded[object], day: date) -> Recorded[object]:
    return replace(recorded, recorded_at=noon(day))
