"""Which HTTP status a broken rule is answered with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.credit.lines.domain.credit_line.decide import AmountNotPositive, CurrencyMismatch
from shared.kernel.decider import Rejected

STATUS: Final[Mapping[type[Rejected], int]] = {
    AmountNotPositive: 422,
    CurrencyMismatch: 422,
}
