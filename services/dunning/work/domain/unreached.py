"""What is known of a customer whom a notice did not reach. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.dunning.accounts.domain.listed_item import ListedItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached:
    time_zone: str
    items: Sequence[ListedItem]  # What the notice's step concerns now, the oldest first.
    asked: frozenset[str]  # Kinds of the customer's open tasks in this currency.
