"""Notices: what is sent to a customer, and whether somebody has it."""

from __future__ import annotations

from typing import Final

from services.dunning.notices.api import notices as api
from services.dunning.notices.domain.notice import commands, events
from services.dunning.notices.domain.notice.decide import NoticeNotQueued, notice
from services.dunning.notices.effects import when_notice_was_queued_hand_it_over
from services.dunning.notices.handlers import notice as handlers
from services.dunning.notices.projections import notices
from shared.platform.area import Area

AREA: Final = Area(
    name="notices",
    aggregates=(notice,),
    events={
        "dunning.notice.queued.v1": events.NoticeQueued,
        "dunning.notice.accepted.v1": events.NoticeAccepted,
        "dunning.notice.undeliverable.v1": events.NoticeUndeliverable,
        "dunning.notice.failed.v1": events.NoticeFailed,
    },
    handlers={
        commands.QueueNotice: handlers.queue_notice,
        commands.AcceptNotice: handlers.accept_notice,
        commands.MarkUndeliverable: handlers.mark_undeliverable,
        commands.MarkFailed: handlers.mark_failed,
    },
    read_models=(notices.READ_MODEL,),
    effects=(when_notice_was_queued_hand_it_over,),
    routes=(api.router,),
    rejections={NoticeNotQueued: 409},
)
