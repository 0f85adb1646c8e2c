"""What a legal entity looks like."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from services.ledger.customers.domain.legal_entity.state import Registered
from shared.platform.http.views import View, said


class LegalEntityView(View, frozen=True, kw_only=True):
    """A company whose receivables these are."""

    id: Annotated[UUID, said("Made from its code.", "5d2a6f6e-3c1b-5f0e-9a56-0d6c3f1f7b11")]
    version: Annotated[int, said("Its present version, as in the ETag.", 1)]
    code: Annotated[str, said("The caller's name for it, unique in the tenant.", "CN01")]
    name: Annotated[str, said("As people call it.", "华东贸易")]
    time_zone: Annotated[str, said("IANA name; says when its days begin.", "Asia/Shanghai")]
    currency: Annotated[str, said("ISO 4217 code of the currency it keeps its books in.", "CNY")]
    registered_on: Annotated[date, said("Its own day on which it was registered.", "2026-01-31")]


def of_state(id: UUID, version: int, state: Registered, registered_on: date) -> LegalEntityView:
    return LegalEntityView(
        id=id,
        version=version,
        code=state.code,
        name=state.name,
        time_zone=state.time_zone,
        currency=state.currency,
        registered_on=registered_on,
    )
