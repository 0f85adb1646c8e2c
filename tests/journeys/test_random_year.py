"""A year of a few customers, by chance: what Duebook does is what the rules say, and nothing else.

Three years here, the same every time; DUEBOOK_YEARS=20 makes it twenty, four of them with a
customer of 3,000 items. The same seed is the same year: -k "[17]" lives through one of them again.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.support.databases import Server
from tests.support.deeds_model import Deed, deeds
from tests.support.lived_year import START, LivedYear
from tests.support.random_year import random_year
from tests.support.three_services import three_services

YEARS: Final = int(os.environ.get("DUEBOOK_YEARS", "3"))
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
