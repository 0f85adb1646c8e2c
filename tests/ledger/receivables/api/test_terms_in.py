"""Terms as a request writes them: what is understood, and what is refused at which place."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import ValidationError

from services.ledger.receivables.api.terms_view import TermsIn, terms_of
from services.ledger.receivables.domain.terms import (
    ADD_DAYS_MAX,
    ADD_MONTHS_MAX,
    DISCOUNTS_MAX,
    PORTIONS_MAX,
    Discount,
    net_days,
    schedule,
)
from shared.kernel.money import Money
from tests.support.ledger_bodies import TERMS

README: Final = Path(__file__).parents[4] / "services/ledger/README.md"
ON: Final = date(2026, 1, 31)
HALF: Final = {"percent": "50", "anchor": "invoice"}


def of_rule(**fields: Any) -> dict[str, Any]:
    return {"anchor": "invoice", **fields}


def of_portion(**fields: Any) -> dict[str, Any]:
    return {"portions": [HALF, {**HALF, **fields}]}


def windows(*percents: str) -> dict[str, Any]:
    return of_rule(discounts=[{"percent": each, "within_days": 1} for each in percents])


class TestAgreed:
    def test_takes_the_short_form_as_one_portion_of_the_whole(self) -> None:
        read = TermsIn.model_validate({"anchor": "invoice", "add_days": 30})

        assert read.agreed(ON) == net_days(ON, 30)

    def test_keeps_every_part_of_a_rule(self) -> None:
        steps = {
            "anchor": "statement",
            "cutoff_day": 25,
            "month_end": "first_of_next_month",
            "add_months": 2,
            "add_days": 5,
            "fixed_day": 15,
            "order": "days_first",
        }
        read = TermsIn.model_validate({**steps, "anchor_on": "2026-02-01"})

        shown = terms_of(read.agreed(ON))

        assert shown is not None
        (portion,) = shown.portions
        found = {name: getattr(portion, name) for name in portion.__struct_fields__}
        assert found == {**steps, "anchor_on": date(2026, 2, 1), "percent": "100"}

    def test_gives_each_portion_the_day_of_its_own_anchor(self) -> None:
        agreed = TermsIn.model_validate(TERMS).agreed(ON)

        assert [(each.percent, each.anchor, each.anchor_on) for each in agreed.portions] == [
            ("70", "invoice", ON),
            ("30", "delivery", date(2026, 2, 5)),
        ]
        assert agreed.discounts == (Discount(percent="2", within_days=10),)

    def test_takes_the_example_of_the_readme(self) -> None:
        example = README.read_text("utf-8").split("```json\n")[1].partition("```")[0]
        agreed = TermsIn.model_validate(json.loads(example)).agreed(ON)

        found = schedule(Money.of("8000.00", "CNY"), agreed, ON)

        assert [(each.due_on, each.amount.amount) for each in found] == [
            (date(2026, 2, 5), "4000.00"),
            (date(2026, 3, 2), "4000.00"),
        ]


class TestFaults:
    @pytest.mark.parametrize(
        ("body", "place"),
        [
            ({}, ()),
            ({"add_days": 30}, ()),
            ({"portions": None}, ()),
            ({**of_portion(), "anchor": "invoice"}, ()),
            ({**of_portion(), "add_days": 0}, ()),
            (of_rule(anchor="order"), ("anchor",)),
            (of_rule(anchor_on="2026-01-31"), ("anchor_on",)),
            ({"anchor": "delivery"}, ("anchor_on",)),
            ({"anchor": "delivery", "anchor_on": "2026-02-30"}, ("anchor_on",)),
            (of_rule(cutoff_day=0), ("cutoff_day",)),
            (of_rule(cutoff_day=32), ("cutoff_day",)),
            (of_rule(fixed_day=32), ("fixed_day",)),
            (of_rule(month_end="eom"), ("month_end",)),
            (of_rule(order="any"), ("order",)),
            (of_rule(add_days=-1), ("add_days",)),
            (of_rule(add_days="30"), ("add_days",)),
            (of_rule(add_days=ADD_DAYS_MAX + 1), ("add_days",)),
            (of_rule(add_months=ADD_MONTHS_MAX + 1), ("add_months",)),
            (of_rule(roll="following"), ("roll",)),
            ({"portions": []}, ("portions",)),
            ({"portions": [HALF] * (PORTIONS_MAX + 1)}, ("portions",)),
            (of_portion(percent=50), ("portions", 1, "percent")),
            (of_portion(percent="050"), ("portions", 1, "percent")),
            (of_portion(percent="100.1"), ("portions", 1, "percent")),
            (of_portion(percent="33.33333"), ("portions", 1, "percent")),
            (of_portion(anchor="acceptance"), ("portions", 1, "anchor_on")),
            (of_portion(portions=[]), ("portions", 1, "portions")),
            ({"portions": [{"percent": "100"}]}, ("portions", 0, "anchor")),
            (windows("-1"), ("discounts", 0, "percent")),
            (windows(*["1"] * (DISCOUNTS_MAX + 1)), ("discounts",)),
        ],
    )
    def test_name_their_place(self, body: dict[str, Any], place: tuple[object, ...]) -> None:
        with pytest.raises(ValidationError) as refused:
            TermsIn.model_validate(body)

        assert [error["loc"] for error in refused.value.errors()] == [place]
