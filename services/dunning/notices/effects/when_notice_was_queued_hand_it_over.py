"""When a notice was queued, hand it over and say it was accepted. Waits while ledger is away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.dunning.notices.domain.notice.commands import AcceptNotice
from services.dunning.notices.domain.notice.events import NoticeQueued
from services.dunning.notices.handlers.ports import Ports
from shared.kernel.envelope import Recorded
from shared.platform.observability import failpoints

HEARS = NoticeQueued


async def perform(
    ports: Ports, recorded: Recorded[NoticeQueued], now: datetime
) -> Sequence[AcceptNotice]:
    """May be repeated: the same notice handed over twice is one message."""
    debtor = await ports.debtors.debtor(recorded.event.account_id)
    message_id = await ports.delivery.hand_over(recorded, debtor)
    failpoints.hit("adapter.after_hand_over")
    return [
        AcceptNotice(
            notice_id=recorded.stream_id,
            message_id=message_id,
            effective_on=recorded.effective_on,
        )
    ]
