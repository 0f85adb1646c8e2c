"""How each event changes a notice. One case per event; no rule lives here."""

from __future__ import annotations

from typing import assert_never

from services.dunning.notices.domain.notice import events
from services.dunning.notices.domain.notice.state import Accepted, NotQueued, Queued, State
from shared.kernel.decider import expect


def evolve(state: State, event: events.Event) -> State:
    match event:
        case events.NoticeQueued():
            expect(state, NotQueued)
            return Queued(account_id=event.account_id, channel=event.channel)
        case events.NoticeAccepted():
            expect(state, Queued)
            return Accepted()
        case _:
            assert_never(event)
