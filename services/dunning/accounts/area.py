"""Accounts: what dunning knows of them, their items and their grades."""

from __future__ import annotations

from typing import Final

from services.dunning.accounts.projections import account_facts
from shared.platform.area import Area

AREA: Final = Area(name="accounts", read_models=(account_facts.READ_MODEL,))
