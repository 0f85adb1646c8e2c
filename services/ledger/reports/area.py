"""Reports: what is open, how old it is, what an account owes. Decides nothing."""

from __future__ import annotations

from typing import Final

from services.ledger.reports.api import accounts, aging
from services.ledger.reports.api import open_items as api
from services.ledger.reports.projections import open_items
from shared.platform.area import Area

AREA: Final = Area(
    name="reports",
    read_models=(open_items.READ_MODEL,),
    routes=(accounts.router, api.router, aging.router),
)
