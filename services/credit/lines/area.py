"""Lines: what an account may owe, and what it owes."""

from __future__ import annotations

from typing import Final

from services.credit.lines.api import credit_lines, exposures
from services.credit.lines.domain.credit_line import decide, events
from services.credit.lines.projections import exposure
from shared.kernel.rejections import AmountNotPositive, CurrencyMismatch
from shared.platform.area import Area

AREA: Final = Area(
    name="lines",
    aggregates=(decide.credit_line,),
    events={"credit.credit_line.limit_set.v1": events.CreditLineLimitSet},
    read_models=(exposure.READ_MODEL,),
    routes=(credit_lines.router, exposures.router),
    rejections={AmountNotPositive: 422, CurrencyMismatch: 422},
)
