"""Every rule a case obeys: it is open exactly while an item of the account is overdue."""

from __future__ import annotations

from uuid import UUID

from services.dunning.work.domain.case import commands, events
from services.dunning.work.domain.case.evolve import evolve
from services.dunning.work.domain.case.state import NOT_OPEN, NotOpen, Open, State
from shared.kernel.decider import NOTHING, Aggregate, Decided


def add_overdue_item(command: commands.AddOverdueItem, state: State) -> Decided[events.Event]:
    if isinstance(state, Open) and command.open_item_id in state.open_item_ids:
        return NOTHING
    opened = events.CaseOpened(
        account_id=command.account_id,
        account_number=command.account_number,
        currency=command.open_amount.currency,
    )
    added = events.OpenItemAdded(
        account_id=command.account_id,
        open_item_id=command.open_item_id,
        invoice_id=command.invoice_id,
        invoice_number=command.invoice_number,
        installment=command.installment,
        due_on=command.due_on,
        open_amount=command.open_amount,
    )
    return Decided(command.effective_on, [opened, added] if isinstance(state, NotOpen) else [added])


def remove_cured_item(command: commands.RemoveCuredItem, state: State) -> Decided[events.Event]:
    if isinstance(state, NotOpen) or command.open_item_id not in state.open_item_ids:
        return NOTHING
    removed = events.OpenItemRemoved(
        account_id=command.account_id, open_item_id=command.open_item_id
    )
    if state.open_item_ids == {command.open_item_id}:
        return Decided(
            command.effective_on, [removed, events.CaseClosed(account_id=command.account_id)]
        )
    return Decided(command.effective_on, [removed])


def account_of(event: events.Event) -> UUID:
    return event.account_id


case: Aggregate[State, events.Event] = Aggregate(
    "case", initial=NOT_OPEN, evolve=evolve, account_of=account_of
)
