"""Use cases of a case: name the stream and what is decided. Pure; no rule lives here."""

from __future__ import annotations

from collections.abc import Sequence

from services.dunning.notices.domain.notice.decide import notice_of, queue_notice
from services.dunning.work.domain.case import commands, decide
from services.dunning.work.domain.case.decide import case, case_stream
from services.dunning.work.domain.case.state import State
from services.dunning.work.domain.task.decide import open_task, task_of
from shared.kernel.decider import AnyChange, AnyStream, States, Work, changed, work_now


def note_step(command: commands.NoteStep) -> Work[State]:
    """An item reached a threshold: what is done about it waits for a review."""
    stream = case_stream(
        command.book, account_id=command.account_id, currency=command.item.open_amount.currency
    )
    return work_now(stream, lambda state, now: decide.note_step(command, state, now=now))


def bring_review_forward(command: commands.BringReviewForward) -> Work[State]:
    """What waits for the take-over date is looked at earlier."""
    return work_now(
        case.existing(command.case_id),
        lambda state, now: decide.bring_review_forward(command, state, now=now),
    )


def remove_cured_item(command: commands.RemoveCuredItem) -> Work[State]:
    """An item is no longer overdue: out of the case, which closes with its last."""
    stream = case_stream(command.book, account_id=command.account_id, currency=command.currency)
    return work_now(stream, lambda state, now: decide.remove_cured_item(command, state, now=now))


def record_review(command: commands.RecordReview) -> Work[State]:
    """What was decided about the steps that waited, with its notices and tasks in one piece.

    A crash leaves all of it or nothing: asked again, the review would see what it has done itself.
    """
    stream = case_stream(command.book, account_id=command.account_id, currency=command.currency)
    notices = [(notice_of(one), one) for one in command.notices]
    tasks = [(task_of(one), one) for one in command.tasks]

    def decided(states: States) -> Sequence[AnyChange]:
        state, now = states.of(stream), states.now
        recorded = changed(stream, decide.record_review(command, state, now=now))
        if not decide.is_acted_upon(command, state, now=now):
            return [recorded]
        return [
            recorded,
            *(changed(at, queue_notice(one, states.of(at), now=now)) for at, one in notices),
            *(changed(at, open_task(one, states.of(at), now=now)) for at, one in tasks),
        ]

    others: list[AnyStream] = [*(at for at, _ in notices), *(at for at, _ in tasks)]
    return Work((stream, *others), decided)
