"""How events change a credit file. Refuses nothing; a misfit is corrupt history."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from services.credit.files.domain.credit_file import events
from services.credit.files.domain.credit_file.state import NotOpened, Opened, State
from services.credit.scorecards.domain.grade import Standing
from shared.kernel.days import end_of_month
from shared.kernel.decider import expect


def evolve(state: State, event: events.Event) -> State:
    match event:
        case events.CreditFileOpened():
            expect(state, NotOpened)
            return Opened(
                account_id=event.account_id,
                account_number=event.account_number,
                time_zone=event.time_zone,
                next_review_of=end_of_month(max(event.opened_on, event.recorded_on)),
            )
        case events.CreditFileReviewStarted():
            return replace(
                expect(state, Opened),
                reviewed_to=event.as_of,
                next_review_of=end_of_month(event.as_of + timedelta(days=1)),
            )
        case events.CreditFileScored():
            opened = expect(state, Opened)
            standing = replace(opened.standing, watch=event.watch, strong=event.strong)
            return replace(opened, scored_to=event.as_of, standing=standing)
        case events.CreditFileGradeChanged():
            standing = Standing(grade=event.to_grade, changed_on=event.as_of)
            return replace(expect(state, Opened), standing=standing)
        case _:
            assert_never(event)
