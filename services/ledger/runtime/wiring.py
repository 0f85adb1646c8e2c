"""The ledger put together from its areas."""

from __future__ import annotations

from typing import Final

from services.ledger.cash import area as cash
from services.ledger.contract.inbox import SUBSCRIBES_TO
from services.ledger.customers import area as customers
from services.ledger.receivables import area as receivables
from services.ledger.reports import area as reports
from services.ledger.runtime.settings import Settings
from shared.platform.area import join
from shared.platform.service import Service

NAME: Final = "ledger"
AREAS: Final = (customers.AREA, receivables.AREA, cash.AREA, reports.AREA)


def service(settings: Settings) -> Service:
    return join(NAME, AREAS, subscribes_to=SUBSCRIBES_TO, settings=settings)
