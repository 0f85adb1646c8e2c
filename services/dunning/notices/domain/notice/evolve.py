"""How each event changes a notice. One case per event; no rule lives here."""

from __future__ import annotations

from typing import assert_never

from services.dunning.notices.domain.notice import events
from services.dunning.notices.domain.notice.state import Ended, NotQueued, Queued, State
from shared.kernel.decider import expect


def evolve(state: State, event: events.Event) -> State:
    match event:
        case events.NoticeQueued():
            expect(state, NotQueued)
            return Queued(event)
        case events.NoticeAccepted() | events.NoticeUndeliverable() | events.NoticeFailed():
            expect(state, Queued)
            return Ended()
        case _:
            assert_never(event)
