"""Every rule a credit file obeys: opened once, reviewed once a month end, scored once a review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from services.credit.files.domain.credit_file import commands, events
from services.credit.files.domain.credit_file.evolve import evolve
from services.credit.files.domain.credit_file.state import NOT_OPENED, NotOpened, Opened, State
from services.credit.scorecards.domain.grade import UNRATED, Standing, next_standing
from services.credit.scorecards.domain.scorecard import (
    Assessment,
    Judged,
    assess,
    can_be_scored,
    seen_in,
    to_wire,
)
from shared.kernel.days import start_of_day
from shared.kernel.decider import NOTHING, Aggregate, Decided, Due, Timer, expect


def open_file(command: commands.OpenCreditFile, state: State) -> Decided[events.Event]:
    if isinstance(state, Opened):
        return NOTHING
    return Decided(
        command.effective_on,
        [
            events.CreditFileOpened(
                account_id=command.account_id,
                account_number=command.account_number,
                legal_entity=command.book.legal_entity,
                time_zone=command.time_zone,
                currency=command.currency,
                opened_on=command.opened_on,
                recorded_on=command.recorded_on,
            )
        ],
        command.time_zone,
    )


def record_score(command: commands.RecordScore, state: State) -> Decided[events.Event]:
    """Too few allocations: no score, and the grade stays."""
    opened = expect(state, Opened)
    as_of = command.behavior.as_of
    if opened.scored_to is not None and as_of <= opened.scored_to:
        return NOTHING
    assessment = _assessed(command)
    if assessment is None:
        return NOTHING
    before = opened.standing
    after = next_standing(before, assessment.score, assessment.cap, as_of)
    scored = _scored(opened.account_id, command, assessment, after)
    if after.grade == UNRATED or after.grade == before.grade:
        return Decided(as_of, [scored], opened.time_zone)
    return Decided(
        as_of,
        [
            scored,
            events.CreditFileGradeChanged(
                account_id=opened.account_id,
                as_of=as_of,
                from_grade=before.grade,
                to_grade=after.grade,
                score=to_wire(assessment.score),
            ),
        ],
        opened.time_zone,
    )


@dataclass(frozen=True, slots=True)
class Review:
    """The month that ends with `as_of` is over."""

    as_of: date


def timers(state: State) -> Sequence[Timer]:
    """The review of the running month, at the first instant of the next one."""
    if isinstance(state, NotOpened):
        return ()
    as_of = state.next_review_of
    due_at = start_of_day(as_of + timedelta(days=1), state.time_zone)
    return (Timer.of(Review(as_of), due_at),)


def on_timer(payload: Review, state: State, due: Due) -> Decided[events.Event]:
    opened = expect(state, Opened)
    if payload.as_of != opened.next_review_of:
        return NOTHING
    started = events.CreditFileReviewStarted(account_id=opened.account_id, as_of=payload.as_of)
    return Decided(payload.as_of, [started], opened.time_zone)


def _assessed(command: commands.RecordScore) -> Assessment | None:
    if not can_be_scored(command.behavior):
        return None
    seen = seen_in(command.behavior, command.utilization)
    return assess(seen, command.behavior.oldest_open_dpd)


def _scored(
    account_id: UUID, command: commands.RecordScore, assessment: Assessment, after: Standing
) -> events.CreditFileScored:
    return events.CreditFileScored(
        account_id=account_id,
        as_of=command.behavior.as_of,
        score=to_wire(assessment.score),
        coverage=to_wire(assessment.coverage),
        band=assessment.band,
        indicators=tuple(_indicator(each) for each in assessment.indicators),
        reasons=tuple(
            events.Reason(id=each.id, points_lost=to_wire(each.points_lost))
            for each in assessment.reasons
        ),
        caps=tuple(events.Cap(id=each.id, grade=each.grade) for each in assessment.caps),
        allocations=command.behavior.allocations,
        watch=after.watch,
        strong=after.strong,
    )


def _indicator(judged: Judged) -> events.Indicator:
    value = judged.seen.value
    return events.Indicator(
        id=judged.line.id,
        status=judged.seen.status,
        value=None if value is None else to_wire(value),
        sub_score=judged.sub_score,
        weight=judged.line.weight,
    )


def _account_of(event: events.Event) -> UUID | None:
    return event.account_id


credit_file: Final = Aggregate[State, events.Event](
    "credit_file",
    initial=NOT_OPENED,
    evolve=evolve,
    account_of=_account_of,
    timers=timers,
    on_timer=on_timer,
    payloads=(Review,),
)
