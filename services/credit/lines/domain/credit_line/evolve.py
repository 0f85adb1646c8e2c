"""How events change a credit line. Refuses nothing."""

from __future__ import annotations

from services.credit.lines.domain.credit_line import events
from services.credit.lines.domain.credit_line.state import Limited, State


def evolve(_state: State, event: events.Event) -> State:
    return Limited(
        account_id=event.account_id, account_number=event.account_number, limit=event.limit
    )
