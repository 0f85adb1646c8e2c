"""Each command of dunning answers what its query shows afterwards."""

from __future__ import annotations

import pytest

from tests.support.dunning_bodies import CONTACT, PROMISE, overdue
from tests.support.dunning_running import RunningDunning
from tests.support.resources import Compared

pytestmark = pytest.mark.connected


async def test_every_command_answers_what_is_shown_afterwards(dunning: RunningDunning) -> None:
    await overdue(dunning)
    compared = Compared(dunning.host.app, dunning.http)
    look = compared.shown_alike

    contact = await look(await dunning.post("/v1/contacts", CONTACT, "c-1"))
    assert contact["note"] == {"contact_person": "王芳", "text": "下周付款"}
    promise = await look(await dunning.post("/v1/promises", PROMISE, "p-1"))
    assert promise["note"] == {"text": "答应了"}
    (task,) = await dunning.items("/v1/tasks", status="open")
    path = f"/v1/tasks/{task['id']}:complete"
    done = await look(await dunning.post(path, {"outcome": "reached"}, "t-1"))
    assert [item["invoice_number"] for item in done["items"]] == ["2026-0131", "2026-0132"]

    # Compared with the ledger's commands.
    assert compared.left == {"/clock", "/parked/{stream_id}:retry"}
