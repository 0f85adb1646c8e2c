"""When an account was opened, open its credit file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.credit.contract import inbox
from services.credit.files.domain.credit_file import commands
from shared.kernel.days import day_at
from shared.kernel.decider import Book
from shared.kernel.envelope import Recorded

HEARS: Final = inbox.AccountOpened
NEEDS: Final = ()


def react(
    recorded: Recorded[inbox.AccountOpened], _facts: None
) -> Sequence[commands.OpenCreditFile]:
    event = recorded.event
    return [
        commands.OpenCreditFile(
            book=Book(recorded.tenant_id, event.legal_entity),
            account_id=event.account_id,
            account_number=event.number,
            time_zone=event.time_zone,
            currency=event.currency,
            opened_on=event.opened_on,
            recorded_on=day_at(recorded.recorded_at, event.time_zone),
            effective_on=recorded.effective_on,
        )
    ]
