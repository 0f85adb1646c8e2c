"""Credit as its users see it: over HTTP, on a real PostgreSQL, with its workers running."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
import sqlalchemy as sa

from services.credit.files.domain.credit_file import events as file_events
from services.credit.files.domain.credit_file.decide import credit_file
from services.credit.files.projections.review_facts import review_facts
from services.credit.files.reactions.when_review_started_score_the_customer import react
from shared.kernel.decider import Book
from shared.kernel.envelope import Recorded
from tests.support.credit_book import ENTITY, TENANT, LedgerSays, golden_customer, noon
from tests.support.credit_world import CreditWorld

pytestmark = pytest.mark.connected

JAN_31 = date(2026, 1, 31)
OPENED, REVIEWED = "credit.credit_file.opened.v1", "credit.credit_file.review_started.v1"
SCORED, GRADED = "credit.credit_file.scored.v1", "credit.credit_file.grade_changed.v1"


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


def _recorded_on(recorded: Recorded[object], day: date) -> Recorded[object]:
    return recorded._replace(recorded_at=noon(day))
