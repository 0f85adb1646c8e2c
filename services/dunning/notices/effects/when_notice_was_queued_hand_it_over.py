"""When a notice was queued, hand it over and say it was accepted. Waits while ledger is away."""

from __future__ import annotations

from collections.abc import Sequence

from services.dunning.notices.domain.notice.commands import AcceptNotice
from services.dunning.notices.domain.notice.events import NoticeQueued
from services.dunning.notices.handlers.ports import Debtors, NoticeDelivery
from shared.kernel.envelope import Recorded
from shared.platform.observability import failpoints


class HandOverNotices:
    """Repeatable: the outbox takes the same notice once."""

    def __init__(self, debtors: Debtors, outbox: NoticeDelivery) -> None:
        self._debtors = debtors
        self._outbox = outbox

    async def perform(self, recorded: Recorded[NoticeQueued]) -> Sequence[AcceptNotice]:
        debtor = await self._debtors.debtor(recorded.event.account_id)
        message_id = await self._outbox.hand_over(recorded, debtor)
        failpoints.hit("adapter.after_hand_over")
        return [
            AcceptNotice(
                notice_id=recorded.stream_id,
                message_id=message_id,
                effective_on=recorded.effective_on,
            )
        ]
