"""Every rule a credit line obeys: one limit per account, in the account's currency."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from services.credit.lines.domain.credit_line import commands, events
from services.credit.lines.domain.credit_line.evolve import evolve
from services.credit.lines.domain.credit_line.state import NO_LIMIT, Limited, State
from shared.kernel.decider import NOTHING, Aggregate, Decided
from shared.kernel.rejections import AmountNotPositive, CurrencyMismatch


def set_limit(command: commands.SetLimit, state: State) -> Decided[events.Event]:
    if command.limit.currency != command.account_currency:
        raise CurrencyMismatch("/limit/currency")
    if command.limit.minor < 0:  # A limit of nothing is one too.
        raise AmountNotPositive("/limit/amount")
    previous = state.limit if isinstance(state, Limited) else None
    if previous == command.limit:
        return NOTHING
    return Decided(
        command.effective_on,
        [
            events.CreditLineLimitSet(
                account_id=command.account_id,
                account_number=command.account_number,
                limit=command.limit,
                previous=previous,
            )
        ],
        command.time_zone,
    )


def _account_of(event: events.Event) -> UUID | None:
    return event.account_id


credit_line: Final = Aggregate[State, events.Event](
    "credit_line", initial=NO_LIMIT, evolve=evolve, account_of=_account_of
)
