"""When a notice reached nobody, a person is asked: for an address, or to look at the notice."""

from __future__ import annotations

from collections.abc import Sequence

from services.dunning.notices.domain.notice.events import NoticeFailed, NoticeUndeliverable
from services.dunning.strategies.domain.dunning_plan import ASK_FOR_ADDRESS, CHECK_NOTICE
from services.dunning.work.domain.task.commands import OpenTask
from services.dunning.work.domain.unreached import Unreached
from shared.kernel.decider import Book
from shared.kernel.envelope import Recorded
from shared.kernel.money import total

HEARS = (NoticeUndeliverable, NoticeFailed)
NEEDS = ("account_facts", "work_list")


def react(
    recorded: Recorded[NoticeUndeliverable | NoticeFailed], facts: Unreached
) -> Sequence[OpenTask]:
    """Nobody is asked twice: not for each part of a notice, not while a task is open.

    Nor before anything is overdue: most customers pay then without being told, and a task that no
    case ends would stay.
    """
    event = recorded.event
    if event.step < 0:
        return []
    if isinstance(event, NoticeUndeliverable) and event.letter_follows:
        return []
    kind = ASK_FOR_ADDRESS if isinstance(event, NoticeUndeliverable) else CHECK_NOTICE
    if kind in facts.asked or not facts.items:
        return []
    return [
        OpenTask(
            book=Book(recorded.tenant_id, recorded.legal_entity),
            account_id=event.account_id,
            account_number=event.account_number,
            time_zone=facts.time_zone,
            currency=event.currency,
            opened_on=recorded.effective_on,
            may_be_late=True,
            kind=kind,
            step=event.step,
            grade=event.grade,
            items=facts.items,
            open_amount=total((item.open_amount for item in facts.items), event.currency),
        )
    ]
