"""An account with business in several currencies: none is added to another, none is hidden."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from tests.support.credit_book import LedgerSays
from tests.support.credit_world import CreditWorld

pytestmark = pytest.mark.connected

DAY = date(2026, 1, 2)
DUE = date(2026, 1, 31)


def money(amount: str, currency: str) -> dict[str, str]:
    return {"amount": amount, "currency": currency}


async def owing(credit: CreditWorld, *amounts: tuple[str, str]) -> UUID:
    """An account in CNY with an open invoice of each amount."""
    says = LedgerSays()
    account = says.opened("C-1", date(2026, 1, 1))
    for n, (amount, currency) in enumerate(amounts):
        says.issued(account, f"I{n}", amount, on=DAY, due_on=DUE, currency=currency)
    await credit.hear(says.events)
    await credit.settle()
    return account


class TestExposure:
    @pytest.mark.parametrize(
        ("owed", "exposure", "others"),
        [
            ([("700.00", "USD"), ("70.00", "CNY")], "70.00", [("700.00", "USD")]),
            ([("1.000", "KWD"), ("10000", "JPY")], "0.00", [("10000", "JPY"), ("1.000", "KWD")]),
            ([("3", "JPY"), ("0.03", "CNY"), ("4", "JPY")], "0.03", [("7", "JPY")]),
        ],
    )
    async def test_is_of_the_accounts_currency_with_the_others_beside_it(
        self,
        credit: CreditWorld,
        owed: Sequence[tuple[str, str]],
        exposure: str,
        others: Sequence[tuple[str, str]],
    ) -> None:
        account = await owing(credit, *owed)

        found = await credit.get(f"/v1/exposures/{account}?as_of=2026-01-02")
        (listed,) = (await credit.get("/v1/exposures?as_of=2026-01-02"))["items"]

        assert found["exposure"] == money(exposure, "CNY")
        assert found["other_currencies"] == [money(*each) for each in others]
        assert {**listed, "as_known": found["as_known"]} == found

    async def test_is_under_its_limit_however_much_is_owed_in_another_currency(
        self, credit: CreditWorld
    ) -> None:
        account = await owing(credit, ("70.00", "CNY"), ("700.00", "USD"), ("90000", "JPY"))
        await credit.set_limit(account, {"limit": money("100.00", "CNY")})
        await credit.settle()

        found = await credit.get(f"/v1/exposures/{account}?as_of=2026-01-02")

        assert (found["available"], found["exceeded"]) == (money("30.00", "CNY"), False)
        assert (await credit.get("/v1/exposures?as_of=2026-01-02&exceeded=true"))["items"] == []

    async def test_in_another_currency_is_of_its_day_and_as_it_was_known(
        self, credit: CreditWorld
    ) -> None:
        says = LedgerSays()
        account = says.opened("C-1", date(2026, 1, 1))
        invoice = says.issued(account, "A", "700.00", on=DAY, due_on=DUE, currency="USD")
        paid_on = date(2026, 1, 5)
        says.paid(account, invoice, "700.00", on=paid_on, due_on=DUE, currency="USD")
        await credit.hear(says.events)
        await credit.settle()

        async def others(query: str) -> Any:
            return (await credit.get(f"/v1/exposures/{account}?{query}"))["other_currencies"]

        assert await others("as_of=2026-01-01") == []
        assert await others("as_of=2026-01-04") == [money("700.00", "USD")]
        assert await others("as_of=2026-01-05") == []
        known = "as_known=2026-01-04T00:00:00Z"
        assert await others(f"as_of=2026-01-05&{known}") == [money("700.00", "USD")]


LATE = [("1000.00", "CNY", date(2026, 2, 9), date(2026, 5, 20))] * 3
EARLY = [("50000000", "VND", date(2026, 2, 11), date(2026, 2, 1))] * 3
MONTH_END = date(2026, 5, 31)


async def reviewed(
    credit: CreditWorld,
    paid: Sequence[tuple[str, str, date, date]],
    limit: dict[str, str] | None = None,
) -> Any:
    """The credit file in CNY at the month's end, after amounts that were due and paid then."""
    says = LedgerSays()
    account = says.opened("C-1", date(2026, 1, 1))
    for n, (amount, currency, due_on, paid_on) in enumerate(paid):
        invoice = says.issued(
            account, f"I{n}", amount, on=date(2026, 1, 10), due_on=due_on, currency=currency
        )
        says.paid(account, invoice, amount, on=paid_on, due_on=due_on, currency=currency)
    await credit.hear(says.events)
    await credit.settle()
    if limit is not None:
        await credit.set_limit(account, {"limit": limit})
    await credit.advance(date(2026, 6, 1))
    return await credit.get(f"/v1/credit-files/{account}?as_of={MONTH_END}")


class TestCreditFile:
    async def test_has_the_same_score_with_three_invoices_in_another_currency_paid_early(
        self, credit: CreditWorld
    ) -> None:
        """Added up, 61.6216 was made of 2.4242."""
        file = await reviewed(credit, [*LATE, *EARLY])

        values = {each["id"]: each["value"] for each in file["score"]["indicators"]}
        own, dong = file["behavior"], file["other_currencies"][0]["behavior"]
        assert (file["score"]["score"], file["score"]["allocations"]) == ("2.4242", 3)
        assert (values["ADBT"], values["LATE_AMT"], values["TREND"]) == ("100.0000", "1.0000", None)
        assert (own["allocations"], own["adbt"], own["max_dpd"]) == (3, "100.0000", 100)
        assert (dong["allocations"], dong["adbt"], dong["util"]) == (3, "-10.0000", None)
        assert [each["currency"] for each in file["other_currencies"]] == ["VND"]
        assert file["score"]["reasons"][-1] == {
            "id": "OTHER_CURRENCIES_LEFT_OUT",
            "points_lost": "0.0000",
            "currencies": ["VND"],
        }

    @pytest.mark.parametrize("other", [None, ("100000", "JPY"), ("99.000", "KWD")])
    async def test_has_the_same_score_with_three_invoices_in_another_currency_paid_late(
        self, credit: CreditWorld, other: tuple[str, str] | None
    ) -> None:
        own = [("1000.00", "CNY", date(2026, 2, 11), date(2026, 2, 1))] * 3
        late = [(*other, date(2026, 2, 9), date(2026, 5, 20))] * 3 if other else []
        file = await reviewed(credit, [*own, *late])

        assert file["score"]["score"] == "90.3030"
        assert [each["currency"] for each in file["other_currencies"]] == (
            [other[1]] if other else []
        )

    async def test_of_one_currency_names_no_other(self, credit: CreditWorld) -> None:
        file = await reviewed(credit, LATE)

        assert (file["score"]["score"], file["other_currencies"]) == ("2.4242", [])
        assert {tuple(each["currencies"]) for each in file["score"]["reasons"]} == {()}

    async def test_of_an_account_that_pays_in_another_currency_alone_has_no_score(
        self, credit: CreditWorld
    ) -> None:
        file = await reviewed(credit, EARLY)

        assert (file["grade"], file["score"], file["behavior"]["allocations"]) == (
            "未评级",
            None,
            0,
        )
        assert file["other_currencies"][0]["behavior"]["allocations"] == 3

    async def test_says_how_much_of_the_limit_is_used_in_its_currency(
        self, credit: CreditWorld
    ) -> None:
        file = await reviewed(credit, [*LATE, *EARLY], limit=money("3000.00", "CNY"))

        used = next(each for each in file["score"]["indicators"] if each["id"] == "UTIL")
        assert used["value"] == file["behavior"]["util"] == "0.8667"  # 78 of 90 days 3,000.00.
