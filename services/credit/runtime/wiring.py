"""Credit put together from its areas."""

from __future__ import annotations

from typing import Final

from services.credit.contract.inbox import SUBSCRIBES_TO
from services.credit.files import area as files
from services.credit.lines import area as lines
from services.credit.runtime.settings import Settings
from services.credit.scorecards import area as scorecards
from shared.platform.area import join
from shared.platform.service import Service

NAME: Final = "credit"
AREAS: Final = (scorecards.AREA, lines.AREA, files.AREA)


def service(settings: Settings) -> Service:
    """There is nothing to set yet."""
    return join(NAME, AREAS, subscribes_to=SUBSCRIBES_TO, settings=settings)
