"""When an address was entered, nobody needs to ask for one any more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.dunning.contract.inbox import AccountDetailsChanged
from services.dunning.work.domain.idle_tasks import IdleTasks
from services.dunning.work.domain.task.commands import WithdrawTask
from shared.kernel.envelope import Recorded

HEARS = AccountDetailsChanged
NEEDS = ("account_facts", "work_list")
ADDRESSES: Final = {"email", "postal_address"}
ADDRESS_ENTERED: Final = "address_entered"


def react(recorded: Recorded[AccountDetailsChanged], asked: IdleTasks) -> Sequence[WithdrawTask]:
    """If it is none that a notice can be sent to, the next notice asks again."""
    if ADDRESSES.isdisjoint(recorded.event.fields):
        return []
    return asked.withdrawn(ADDRESS_ENTERED)
