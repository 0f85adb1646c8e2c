"""Each command of credit answers what its query shows afterwards."""

from __future__ import annotations

from datetime import date

import pytest

from tests.support.credit_book import LedgerSays
from tests.support.credit_world import CreditWorld
from tests.support.resources import Compared

pytestmark = pytest.mark.connected


async def test_every_command_answers_what_is_shown_afterwards(credit: CreditWorld) -> None:
    says = LedgerSays()
    account = says.opened("C-1", date(2026, 1, 1))
    token = await credit.hear(says.events)
    limit = {"limit": {"amount": "250.00", "currency": "CNY"}}
    compared = Compared(credit.host.app, credit.client)

    line = await compared.shown_alike(
        await credit.set_limit(account, limit, **{"consistency-token": token})
    )

    assert line["limit"] == limit["limit"]
    # Compared with the ledger's commands.
    assert compared.left == {"/clock", "/parked/{stream_id}:retry"}
