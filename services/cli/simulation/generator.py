"""Makes a simulated book. The same seed, the same book; every customer has a story of its own.

Pure: no clock, no HTTP. What a story believes open is what the ledger will say is open, for it
applies money as the ledger does; so every named allocation fits.
"""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Final

from services.cli.simulation.book import Action, Book
from services.cli.simulation.book_names import names
from services.cli.simulation.customer_story import CustomerStory, traits_of
from services.cli.simulation.habits import HABITS, Habit
from shared.kernel.days import add_months

CUSTOMERS_MAX: Final = 5_000  # customers of a simulated book
MONTHS_MAX: Final = 120  # months of a simulated book: ten years
FIRST_DAY: Final = date(2025, 1, 1)  # When nobody says another.


def generate(*, seed: int, customers: int, months: int, first: date = FIRST_DAY) -> Book:
    """From the first day to the same day so many months later."""
    if not 1 <= customers <= CUSTOMERS_MAX:
        raise ValueError(f"customers must be between 1 and {CUSTOMERS_MAX}")
    if not 1 <= months <= MONTHS_MAX:
        raise ValueError(f"months must be between 1 and {MONTHS_MAX}")
    last = add_months(first, months)
    actions: list[Action] = []
    habits: dict[str, Habit] = {}
    for index in range(customers):
        rng = Random(f"{seed}/{index}")
        account = f"C{index + 1:04d}"
        habits[account] = HABITS[index % len(HABITS)]
        traits = traits_of(rng, account, names(rng, index + 1), habits[account], first)
        actions += CustomerStory(rng, traits, first, last).actions()
    actions.sort(key=lambda action: action.on)  # Stable: a story keeps its order.
    return Book(
        legal_entity=f"SIM{seed}",
        name="模拟账簿有限公司",
        first=first,
        last=last,
        actions=tuple(actions),
        habits=habits,
    )
