"""When a notice was queued, hand it over and say it was accepted. Waits while ledger is away.

What reaches nobody is undeliverable: a letter takes an e-mail's place where there is a postal
address. What leaves too late, or cannot be written, has failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from services.dunning.notices.domain.addresses import no_address
from services.dunning.notices.domain.notice.commands import (
    AcceptNotice,
    Command,
    MarkFailed,
    MarkUndeliverable,
    QueueNotice,
)
from services.dunning.notices.domain.notice.events import NoticeQueued
from services.dunning.notices.domain.notice_days import is_too_late
from services.dunning.notices.handlers.ports import Debtor, Ports
from services.dunning.strategies.domain.dunning_plan import EMAIL, LETTER
from shared.kernel.days import day_at
from shared.kernel.decider import Book
from shared.kernel.envelope import Recorded
from shared.platform.observability import failpoints

HEARS = NoticeQueued
TOO_LATE: Final = "too_late"


async def perform(
    ports: Ports, recorded: Recorded[NoticeQueued], now: datetime
) -> Sequence[Command]:
    """May be repeated: the same notice handed over twice is one message."""
    queued = recorded.event
    before = await ports.delivery.handed_over(recorded)
    if before is not None:
        return [AcceptNotice(notice_id=recorded.stream_id, message_id=before)]
    if is_too_late(queued, day_at(now, queued.time_zone)):
        return failed(recorded, TOO_LATE)
    debtor = await ports.parties.debtor(queued.account_id)
    reason = no_address(queued.channel, email=debtor.email, postal_address=debtor.postal_address)
    if reason is not None:
        return _undeliverable(recorded, reason, debtor)
    creditor = await ports.parties.creditor(recorded.legal_entity)
    message_id = await ports.delivery.hand_over(recorded, debtor, creditor)
    failpoints.hit("adapter.after_hand_over")
    return [AcceptNotice(notice_id=recorded.stream_id, message_id=message_id)]


def failed(recorded: Recorded[NoticeQueued], reason: str) -> Sequence[Command]:
    """What follows when it is given up."""
    return [MarkFailed(notice_id=recorded.stream_id, reason=reason)]


def _undeliverable(
    recorded: Recorded[NoticeQueued], reason: str, debtor: Debtor
) -> Sequence[Command]:
    queued = recorded.event
    is_letter_possible = queued.channel == EMAIL and bool(debtor.postal_address.strip())
    undeliverable = MarkUndeliverable(
        notice_id=recorded.stream_id, reason=reason, letter_follows=is_letter_possible
    )
    return [undeliverable, _letter(recorded)] if is_letter_possible else [undeliverable]


def _letter(recorded: Recorded[NoticeQueued]) -> QueueNotice:
    """The same notice on paper, under the e-mail's number: however often it is asked for, one."""
    queued = recorded.event
    return QueueNotice(
        book=Book(recorded.tenant_id, recorded.legal_entity),
        account_id=queued.account_id,
        account_number=queued.account_number,
        time_zone=queued.time_zone,
        currency=queued.currency,
        written_on=queued.written_on,
        step=queued.step,
        channel=LETTER,
        template=queued.template,
        grade=queued.grade,
        items=queued.items,
        part=queued.part,
        parts=queued.parts,
        open_amount=queued.open_amount,
        unallocated=queued.unallocated,
        demanded=queued.demanded,
        instead_of=recorded.stream_id,
    )
