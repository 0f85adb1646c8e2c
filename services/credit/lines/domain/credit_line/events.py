"""What happens to a credit line."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditLineLimitSet:
    account_id: UUID
    account_number: str
    limit: Money  # Zero: nothing on credit.
    previous: Money | None


Event = CreditLineLimitSet
