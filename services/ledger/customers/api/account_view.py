"""What an account looks like. Who stands behind it only a query can know."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from services.ledger.customers.domain.account.state import Opened, State
from shared.kernel.decider import Resource, expect
from shared.platform.http.views import View, said


class AccountView(View, frozen=True, kw_only=True):
    """One customer in one legal entity."""

    id: Annotated[UUID, said("Made from its number.", "0f0d3c5e-8a44-5a0b-8f0e-6e3b1c2d4a55")]
    version: Annotated[int, said("Its present version, as in the ETag.", 1)]
    legal_entity: Annotated[str, said("Code of the legal entity.", "CN01")]
    number: Annotated[str, said("The caller's, unique in the legal entity.", "C-1001")]
    collector_id: Annotated[
        UUID | None, said("Who collects from it.", "00000000-0000-4000-8000-000000000005")
    ]
    time_zone: Annotated[str, said("Of its legal entity, an IANA name.", "Asia/Shanghai")]
    currency: Annotated[str, said("Of its legal entity, an ISO 4217 code.", "CNY")]
    opened_on: Annotated[date, said("Its legal entity's day when it was opened.", "2026-01-01")]


def of_state(resource: Resource[State]) -> AccountView:
    """As the answer of the command that opened it."""
    state = expect(resource.state, Opened)
    return AccountView(
        id=resource.id,
        version=resource.version,
        legal_entity=state.legal_entity,
        number=state.number,
        collector_id=state.collector_id,
        time_zone=state.time_zone,
        currency=state.currency,
        opened_on=state.opened_on,
    )
