from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.dunning.strategies.domain.review import PassedStep, Why
from services.dunning.work.domain.case import decide, events
from services.dunning.work.domain.case.commands import BringReviewForward
from services.dunning.work.domain.case.decide import case
from services.dunning.work.domain.case.state import NotOpen, Open
from services.dunning.work.domain.case.timers import ReviewSteps, on_timer
from shared.kernel.decider import Due, Timer
from shared.kernel.id_sets import NO_IDS, IdSet
from tests.support.cases import (
    ADDED,
    CLOSED,
    CROSSING,
    MORNING,
    NIGHT,
    NOTE,
    OPENED,
    REACHED,
    RECORD,
    REMOVE,
    REMOVED,
    REVIEWED,
    STARTED,
    STEP,
    TAKEN,
)
from tests.support.dunning import ACCOUNT, ITEM_B, after
from tests.support.spec import given

OTHER = UUID(int=602)
DAY = timedelta(days=1)


def passed_over(why: Why, step: int = 1) -> events.CaseStepPassedOver:
    one = replace(STEP, step=step)
    return events.CaseStepPassedOver(account_id=ACCOUNT, reason=why, steps=(one,))


def due_at(*history: events.Event) -> Sequence[datetime]:
    return [timer.due_at for timer in given(case, *history).timers]


class TestNoteStep:
    def test_opens_the_case_at_once_and_waits_for_the_morning(self) -> None:
        given(case).when(decide.note_step, NOTE, now=NIGHT).then(OPENED, ADDED, REACHED)

        assert due_at(OPENED, ADDED, REACHED) == [MORNING]

    def test_waits_for_what_is_entered_together(self) -> None:
        """By day a quarter of an hour, in the evening until the morning."""
        noon, evening = MORNING + timedelta(hours=4), MORNING + timedelta(hours=11, minutes=46)
        for now, at in ((noon, noon + timedelta(minutes=15)), (evening, MORNING + DAY)):
            given(case).when(decide.note_step, NOTE, now=now).then(
                OPENED, ADDED, replace(REACHED, review_at=at)
            )

    def test_is_dated_on_the_day_it_is_noted_not_on_that_of_the_threshold(self) -> None:
        late = replace(NOTE, step=90, latest_step=90, reached_on=after(90))

        given(case).when(decide.note_step, late, now=MORNING + 99 * DAY).then_on(after(100))

    def test_opens_no_case_before_the_due_date(self) -> None:
        ahead = replace(NOTE, step=-3, latest_step=-3)

        given(case).when(decide.note_step, ahead, now=NIGHT).then(replace(REACHED, step=-3))

    def test_passes_over_what_a_more_severe_step_follows(self) -> None:
        together = replace(NOTE, latest_step=90)

        given(case).when(decide.note_step, together, now=NIGHT).then(
            OPENED, ADDED, passed_over(Why.MORE_SEVERE)
        )
        assert due_at(OPENED, ADDED, passed_over(Why.MORE_SEVERE)) == []

    def test_opens_no_case_for_what_is_settled_by_now(self) -> None:
        settled = replace(NOTE, is_settled=True)

        given(case).when(decide.note_step, settled, now=NIGHT).then(passed_over(Why.SETTLED))

    def test_waits_no_longer_than_what_waits_already(self) -> None:
        further = replace(NOTE, crossing_id=OTHER, item=replace(NOTE.item, open_item_id=ITEM_B))
        later = MORNING - timedelta(minutes=5)

        given(case, OPENED, ADDED, REACHED).when(decide.note_step, further, now=later).then(
            replace(ADDED, open_item_id=ITEM_B),
            replace(REACHED, crossing_id=OTHER, open_item_id=ITEM_B),
        )

    def test_makes_a_far_review_come_sooner(self) -> None:
        far = replace(REACHED, review_at=MORNING + 30 * DAY)
        further = replace(NOTE, crossing_id=OTHER)

        given(case, OPENED, ADDED, far).when(decide.note_step, further, now=NIGHT).then(
            replace(REACHED, crossing_id=OTHER)
        )


class TestNoteStepBeforeTheTakeOver:
    NOTE = replace(NOTE, take_over_on=after(10), step=1)

    def test_opens_no_case_and_waits_for_the_take_over_date(self) -> None:
        history = replace(REACHED, is_history=True, review_at=MORNING + 9 * DAY)

        given(case).when(decide.note_step, self.NOTE, now=NIGHT).then(history)

    def test_waits_a_quarter_of_an_hour_when_the_book_is_imported_later(self) -> None:
        noon = MORNING + 9 * DAY + timedelta(hours=4)
        history = replace(REACHED, is_history=True, review_at=noon + timedelta(minutes=15))

        given(case).when(decide.note_step, self.NOTE, now=noon).then(history)

    @pytest.mark.parametrize(("step", "latest"), [(-3, -3), (1, 30), (-3, 1)])
    def test_passes_over_all_but_the_last_step(self, step: int, latest: int) -> None:
        note = replace(self.NOTE, step=step, latest_step=latest)

        given(case).when(decide.note_step, note, now=NIGHT).then(
            passed_over(Why.BEFORE_TAKE_OVER, step)
        )

    def test_goes_on_by_the_plan_from_the_date_itself(self) -> None:
        on_it = replace(self.NOTE, take_over_on=after(1))

        given(case).when(decide.note_step, on_it, now=NIGHT).then(OPENED, ADDED, REACHED)


class TestBringReviewForward:
    HISTORY = replace(REACHED, is_history=True, review_at=MORNING + 365 * DAY)
    COMMAND = BringReviewForward(case_id=UUID(int=900), take_over_on=after(10))

    def test_moves_it_to_the_morning_of_the_new_take_over_date(self) -> None:
        given(case, self.HISTORY).when(decide.bring_review_forward, self.COMMAND, now=NIGHT).then(
            events.CaseReviewMoved(account_id=ACCOUNT, review_at=MORNING + 9 * DAY)
        )

    def test_leaves_a_quarter_of_an_hour_on_the_date_itself(self) -> None:
        noon = MORNING + 9 * DAY + timedelta(hours=4)

        given(case, self.HISTORY).when(decide.bring_review_forward, self.COMMAND, now=noon).then(
            events.CaseReviewMoved(account_id=ACCOUNT, review_at=noon + timedelta(minutes=15))
        )

    @pytest.mark.parametrize(
        "history",
        [
            (),
            (REACHED,),
            (replace(HISTORY, review_at=MORNING + 9 * DAY),),
            (HISTORY, STARTED),
            (HISTORY, STARTED, passed_over(Why.SETTLED), REVIEWED),
        ],
        ids=["nothing noted", "waits for less", "the same day", "under review", "nothing waits"],
    )
    def test_stays_quiet(self, history: Sequence[events.Event]) -> None:
        given(case, *history).when(decide.bring_review_forward, self.COMMAND, now=NIGHT).then()


class TestRemoveCuredItem:
    def test_closes_the_case_with_its_last_item(self) -> None:
        given(case, OPENED, ADDED).when(decide.remove_cured_item, REMOVE, now=MORNING).then(
            REMOVED, CLOSED
        )

    def test_ends_when_it_is_known_never_before_it_began(self) -> None:
        """Seen: a case closed 27 days before it was opened, after a backdated payment."""
        given(case, OPENED, ADDED).when(decide.remove_cured_item, REMOVE, now=MORNING).then_on(
            after(1)
        )

    def test_leaves_the_case_open_while_another_is_overdue(self) -> None:
        both = (OPENED, ADDED, replace(ADDED, open_item_id=ITEM_B))

        given(case, *both).when(decide.remove_cured_item, REMOVE, now=MORNING).then(REMOVED)

    def test_stays_quiet_about_an_item_that_is_not_there(self) -> None:
        other = replace(ADDED, open_item_id=ITEM_B)
        for history in ((), (OPENED, other), (OPENED, ADDED, REMOVED, CLOSED)):
            given(case, *history).when(decide.remove_cured_item, REMOVE, now=NIGHT).then_nothing()

    def test_lets_the_case_open_again_in_the_same_stream(self) -> None:
        history = (OPENED, ADDED, REMOVED, CLOSED)

        given(case, *history).when(decide.note_step, NOTE, now=NIGHT).then(OPENED, ADDED, REACHED)


class TestReviewSteps:
    def test_starts_a_review_dated_when_it_is_made(self) -> None:
        state = given(case, OPENED, ADDED, REACHED).state
        for hours in (0, 11):
            now = MORNING + timedelta(hours=hours)
            started = on_timer(ReviewSteps(), state, Due(MORNING, now))

            assert list(started.events) == [STARTED]
            assert started.effective_on == after(1)

    def test_hears_first_what_was_reached_in_an_outage(self) -> None:
        """Seen: a reminder of items that had become 60 days past due meanwhile."""
        state = given(case, OPENED, ADDED, REACHED).state
        for days in (1, 50):
            now = MORNING + days * DAY
            late = on_timer(ReviewSteps(), state, Due(MORNING, now))
            at = now + timedelta(minutes=15)

            assert list(late.events) == [events.CaseReviewMoved(account_id=ACCOUNT, review_at=at)]
            assert late.effective_on == after(1 + days)
            then = given(case, OPENED, ADDED, REACHED, *late.events).state
            assert list(on_timer(ReviewSteps(), then, Due(at, at)).events) == [STARTED]

    def test_is_postponed_once(self) -> None:
        """However far somebody moves the clock each time, it is made."""
        at = MORNING + timedelta(minutes=15)
        postponed = events.CaseReviewMoved(account_id=ACCOUNT, review_at=at)
        state = given(case, OPENED, ADDED, REACHED, postponed).state

        started = on_timer(ReviewSteps(), state, Due(at, at + 50 * DAY))
        assert list(started.events) == [STARTED]
        anew = given(case, OPENED, ADDED, REACHED, postponed, STARTED, REVIEWED, REACHED).state
        assert not anew.plan.is_postponed

    def test_is_not_postponed_by_being_brought_forward(self) -> None:
        history = replace(REACHED, is_history=True, review_at=MORNING + 365 * DAY)
        forward = events.CaseReviewMoved(account_id=ACCOUNT, review_at=MORNING)
        state = given(case, history, forward).state

        late = on_timer(ReviewSteps(), state, Due(MORNING, MORNING + 50 * DAY))
        assert [type(one) for one in late.events] == [events.CaseReviewMoved]

    def test_waits_for_the_morning_where_it_would_be_night(self) -> None:
        """A service that was away comes back at any hour."""
        state = given(case, OPENED, ADDED, REACHED).state
        late = on_timer(ReviewSteps(), state, Due(MORNING, NIGHT + 5 * DAY))
        postponed = events.CaseReviewMoved(account_id=ACCOUNT, review_at=MORNING + 5 * DAY)

        assert list(late.events) == [postponed]
        assert due_at(OPENED, ADDED, REACHED, postponed) == [MORNING + 5 * DAY]

    def test_is_one_at_a_time(self) -> None:
        state = given(case, REACHED, STARTED).state

        assert due_at(REACHED, STARTED) == []
        assert list(on_timer(ReviewSteps(), state, Due(MORNING, MORNING)).events) == []

    def test_needs_something_that_waits(self) -> None:
        for history in ((), (REACHED, STARTED, TAKEN, REVIEWED), (OPENED, ADDED)):
            state = given(case, *history).state

            assert due_at(*history) == []
            assert list(on_timer(ReviewSteps(), state, Due(MORNING, MORNING)).events) == []

    def test_has_one_name(self) -> None:
        (timer,) = given(case, REACHED).timers

        assert timer == Timer.of(ReviewSteps(), MORNING)


class TestRecordReview:
    HISTORY = (OPENED, ADDED, REACHED, STARTED)

    def test_says_what_was_done(self) -> None:
        given(case, *self.HISTORY).when(decide.record_review, RECORD, now=MORNING).then(
            TAKEN, REVIEWED
        )
        state = given(case, *self.HISTORY, TAKEN, REVIEWED).state

        assert state.plan.waiting == NO_IDS
        last = state.plan.last_notice
        assert last is not None
        assert (last.on, last.step) == (after(1), 1)

    def test_says_what_was_passed_over(self) -> None:
        passed = PassedStep(
            crossing_id=CROSSING, open_item_id=STEP.open_item_id, step=1, reason=Why.UNDER_MINIMUM
        )
        nothing = replace(RECORD, acted=[], step=None, notices=[], passed=[passed])

        given(case, *self.HISTORY).when(decide.record_review, nothing, now=MORNING).then(
            passed_over(Why.UNDER_MINIMUM), REVIEWED
        )

    def test_looks_again_at_what_waits_on_its_day(self) -> None:
        promised = replace(RECORD, acted=[], step=None, notices=[], waits_until=after(8))
        again = replace(REVIEWED, review_at=MORNING + 7 * DAY)

        given(case, *self.HISTORY).when(decide.record_review, promised, now=MORNING).then(again)
        assert due_at(*self.HISTORY, again) == [MORNING + 7 * DAY]

    @pytest.mark.parametrize("item", [STEP.open_item_id, ITEM_B])
    def test_never_loses_what_was_reached_while_it_was_made(self, item: UUID) -> None:
        """Nor the same item at the same step: it was settled, and its payment was returned."""
        meanwhile = replace(REACHED, crossing_id=OTHER, open_item_id=item)
        soon = replace(REVIEWED, review_at=MORNING + timedelta(minutes=15))

        given(case, *self.HISTORY, meanwhile).when(decide.record_review, RECORD, now=MORNING).then(
            TAKEN, soon
        )
        left = given(case, *self.HISTORY, meanwhile, TAKEN, soon)
        assert left.state.plan.waiting == IdSet.of([OTHER])
        assert [timer.due_at for timer in left.timers] == [soon.review_at]

    def test_is_made_anew_when_its_day_is_over(self) -> None:
        tomorrow = MORNING + DAY
        again = replace(REVIEWED, review_at=tomorrow + timedelta(minutes=15))

        given(case, *self.HISTORY).when(decide.record_review, RECORD, now=tomorrow).then(again)
        assert due_at(*self.HISTORY, again) == [again.review_at]

    def test_goes_on_at_once_with_what_was_too_much_for_one(self) -> None:
        more = replace(REACHED, crossing_id=OTHER, open_item_id=ITEM_B)
        cut = replace(RECORD, is_cut=True)

        given(case, *self.HISTORY, more).when(decide.record_review, cut, now=MORNING).then(
            TAKEN, replace(REVIEWED, review_at=MORNING)
        )

    def test_does_not_turn_in_a_circle_when_nothing_of_too_much_was_done(self) -> None:
        waits = replace(RECORD, is_cut=True, acted=[], step=None, waits_until=after(8))

        given(case, *self.HISTORY).when(decide.record_review, waits, now=MORNING).then(
            replace(REVIEWED, review_at=MORNING + 7 * DAY)
        )

    def test_takes_over_what_is_still_overdue(self) -> None:
        history = replace(REACHED, is_history=True)
        taken = replace(
            RECORD,
            taken_over=[NOTE.item],
            acted=[],
            step=None,
            notices=[],
            passed=[
                PassedStep(
                    crossing_id=CROSSING,
                    open_item_id=STEP.open_item_id,
                    step=1,
                    reason=Why.BEFORE_TAKE_OVER,
                )
            ],
        )

        given(case, history, STARTED).when(decide.record_review, taken, now=MORNING).then(
            OPENED, ADDED, passed_over(Why.BEFORE_TAKE_OVER), REVIEWED
        )

    def test_is_written_once(self) -> None:
        done = (*self.HISTORY, TAKEN, REVIEWED)
        for history in ((), (OPENED, ADDED, REACHED), done):
            given(case, *history).when(decide.record_review, RECORD, now=MORNING).then_nothing()

    def test_names_so_many_steps_in_an_event(self) -> None:
        steps = [
            replace(STEP, crossing_id=UUID(int=n), open_item_id=UUID(int=n)) for n in range(401)
        ]
        many = replace(RECORD, acted=steps)
        state = given(case, *self.HISTORY).state
        taken = decide.record_review(many, state, now=MORNING).events[:-1]

        assert [len(event.steps) for event in taken if isinstance(event, events.CaseStepTaken)] == [
            200,
            200,
            1,
        ]


class TestState:
    def test_starts_as_a_case_that_is_not_open(self) -> None:
        assert given(case).state == NotOpen()
        assert isinstance(given(case, OPENED).state, Open)

    def test_keeps_its_plan_when_it_closes(self) -> None:
        closed = given(case, OPENED, ADDED, REACHED, REMOVED, CLOSED).state

        assert isinstance(closed, NotOpen)
        assert closed.plan.waiting == IdSet.of([CROSSING])

    def test_belongs_to_the_account(self) -> None:
        for event in (OPENED, ADDED, REACHED, STARTED, TAKEN, REVIEWED, REMOVED, CLOSED):
            assert decide.account_of(event) == ACCOUNT
