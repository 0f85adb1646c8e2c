"""A year of a few customers, by chance: what Duebook does is what the rules say, and nothing else.

Three years here, the same every time; DUEBOOK_YEARS=20 makes it twenty, four of them with a
customer of 3,000 items. The same seed is the same year: -k "[17]" lives through one of them again.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Final

import pytest

from tests.support.databases import Server
from tests.support.deeds_model import Deed, deeds
from tests.support.lived_year import START, LivedYear
from tests.support.random_year import Year, random_year
from tests.support.three_services import three_services

YEARS: Final = int(os.environ.get("DUEBOOK_YEARS", "3"))
WHATS: Final = {
    *("address", "invoice", "cancellation", "payment", "allocation", "return", "promise", "done"),
}
SHOWN_MAX: Final = 12  # differences; the first say most
WIDTH_MAX: Final = 160  # characters of a deed that is shown


def differences(expected: Iterable[Deed], seen: Iterable[Deed]) -> list[str]:
    """The first ones by day, each in a line."""
    wanted, found = Counter(expected), Counter(seen)
    lines = [(deed.day, deed, "expected") for deed in (wanted - found).elements()]
    lines += [(deed.day, deed, "seen    ") for deed in (found - wanted).elements()]
    return [
        f"{day} {deed.customer} {deed.currency} {side} {deed.what[:WIDTH_MAX]}"
        for day, deed, side in sorted(lines)[:SHOWN_MAX]
    ]


class TestRandomYear:
    def test_is_the_same_for_the_same_seed(self) -> None:
        assert random_year(7) == random_year(7) != random_year(8)

    def test_has_all_that_may_happen(self) -> None:
        years = [random_year(seed) for seed in range(1, 21)]
        facts = [fact for year in years for fact in year.facts]

        assert {fact.what for fact in facts} == WHATS
        assert {currency for fact in facts for currency in fact.currencies} == {"CNY", "USD", "JPY"}
        addresses = [fact for fact in facts if fact.what == "address"]
        kinds = {(bool(a.email), a.email.isascii(), bool(a.postal)) for a in addresses}
        assert len(kinds) == 6  # No e-mail, one that no server takes, one that can be used.
        assert any(fact.on < fact.at[0] for fact in facts if fact.what == "payment")
        assert any(fact.due_on < fact.at[0] for fact in facts if fact.what == "invoice")
        items = [_items(year) for year in years]
        assert max(items) > 3_000
        assert min(items) < 10


def _items(year: Year) -> int:
    """Of the first customer."""
    found = Counter(fact.customer for fact in year.facts if fact.what == "invoice")
    return found["C1"]


class TestDifferences:
    DEED: Final = Deed("C1", "CNY", date(2026, 1, 6), "case opened")

    def test_names_what_is_missing_and_what_is_too_much(self) -> None:
        other = self.DEED._replace(day=date(2026, 1, 7))

        assert differences([self.DEED], [other]) == [
            "2026-01-06 C1 CNY expected case opened",
            "2026-01-07 C1 CNY seen     case opened",
        ]

    def test_counts(self) -> None:
        assert differences([self.DEED], [self.DEED]) == []
        assert len(differences([self.DEED], [self.DEED] * 3)) == 2


class TestDeeds:
    def test_are_of_all_kinds(self) -> None:
        """Else the years say less than they seem to."""
        found = [deed.what for seed in (1, 2, 3) for deed in deeds(random_year(seed), {})]

        notices = {tuple(what.split()[:2]) for what in found if " of step " in what}
        assert notices >= {
            *(("email", template) for template in ("pre_due", "reminder", "payment_returned")),
            *(("letter", template) for template in ("pre_due", "reminder", "payment_returned")),
            *(("letter", template) for template in ("dunning_letter", "final_notice")),
        }
        endings = {what.rpartition(": ")[2] for what in found if " of step " in what}
        reasons = {"no_address", "address_not_usable"}
        assert endings == {"accepted", *(f"undeliverable, {reason}" for reason in reasons)}
        kinds = ("phone", "legal_decision", "allocate_money", "ask_for_address")
        assert {f"task {kind} opened" for kind in kinds} <= set(found)
        assert any(what.startswith("task") and what.endswith("withdrawn") for what in found)
        assert any(what.startswith("task") and what.endswith("completed") for what in found)
        assert {"case opened", "case closed"} <= set(found)
        assert any(" of 2, " in what for what in found)


@pytest.mark.journey
@pytest.mark.timeout(1800)  # of 3,000 items on a busy machine
@pytest.mark.parametrize("seed", range(1, YEARS + 1))
async def test_does_what_the_rules_say_and_nothing_else(
    seed: int, server: Server, service_templates: Mapping[str, str], tmp_path: Path
) -> None:
    year = random_year(seed)
    async with three_services(server, service_templates, tmp_path, START) as services:
        lived = LivedYear(services, year)
        await lived.live()
        seen, grades = await lived.deeds(), await lived.grades()
        await services.verify()

    found = differences(deeds(year, grades), seen)
    assert not found, "\n".join([f"seed {seed}, of {len(seen)} deeds:", *found])
