"""What holds for a case after any order of crossings, cures, reviews and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.dunning.strategies.domain.review import PassedStep, Why
from services.dunning.work.domain.case import commands, decide, events
from services.dunning.work.domain.case.decide import case
from services.dunning.work.domain.case.state import Open, State
from services.dunning.work.domain.case.timers import ReviewSteps, on_timer
from shared.kernel.decider import Decided, Due
from tests.support.cases import MORNING, NIGHT, NOTE, RECORD, REMOVE
from tests.support.dunning import ITEM_A, ITEM_B, after

ITEMS = (ITEM_A, ITEM_B)


@dataclass
class Life:
    """A case, its clock, and what was asked of it."""

    take_over_on: date | None
    state: State = case.initial
    now: datetime = NIGHT
    happened: list[tuple[date, events.Event]] = field(default_factory=list)
    overdue: set[UUID] = field(default_factory=set)
    reached: list[UUID] = field(default_factory=list)  # Crossings.
    review: commands.RecordReview | None = None

    def write(self, decided: Decided[events.Event]) -> None:
        for event in decided.events:
            self.state = case.evolve(self.state, event)
            self.happened.append((decided.effective_on, event))

    def note(self, item: UUID, step: int, latest: int) -> None:
        crossing = UUID(int=1_000 + len(self.reached))
        self.reached.append(crossing)
        command = replace(
            NOTE,
            item=replace(NOTE.item, open_item_id=item),
            crossing_id=crossing,
            step=step,
            latest_step=max(step, latest),
            reached_on=self.now.date(),
            take_over_on=self.take_over_on,
        )
        is_history = self.take_over_on is not None and self.now.date() < self.take_over_on
        if step > 0 and not is_history:
            self.overdue.add(item)
        self.write(decide.note_step(command, self.state, now=self.now))

    def cure(self, item: UUID) -> None:
        self.overdue.discard(item)
        command = replace(REMOVE, open_item_id=item)
        self.write(decide.remove_cured_item(command, self.state, now=self.now))

    def fire(self) -> None:
        """What is due; the review that starts sees what waits then."""
        for timer in case.timers(self.state):
            if timer.due_at <= self.now:
                due = Due(timer.due_at, self.now)
                self.write(on_timer(ReviewSteps(), self.state, due))
        if self.state.plan.is_under_review and self.review is None:
            seen = sorted(self.state.plan.waiting)
            today = self.happened[-1][0]
            self.review = replace(RECORD, today=today, seen=seen, notices=[], waits_until=None)

    def answer(self, acted: int, waits_days: int) -> None:
        """Some of what was seen acts, half of the rest is passed over, or all of it waits."""
        if self.review is None:
            return
        seen, self.review = self.review, None
        ids = list(seen.seen)
        done, rest = ids[:acted], ids[acted:]
        passed = rest if not waits_days else rest[::2]
        waits = after((self.now.date() - after(0)).days + waits_days) if waits_days else None
        command = replace(
            seen,
            acted=[events.Step(crossing_id=id, open_item_id=ITEM_A, step=1) for id in done],
            step=1 if done else None,
            passed=[
                PassedStep(crossing_id=id, open_item_id=ITEM_A, step=1, reason=Why.SETTLED)
                for id in passed
            ],
            waits_until=waits,
        )
        self.write(decide.record_review(command, self.state, now=self.now))


STEPS = st.sampled_from((-3, 1, 30, 60, 90))
DEEDS = st.one_of(
    st.tuples(st.just("note"), st.sampled_from(ITEMS), STEPS, STEPS),
    st.tuples(st.just("cure"), st.sampled_from(ITEMS)),
    st.tuples(st.just("pass"), st.integers(1, 60 * 60)),
    st.tuples(st.just("fire")),
    st.tuples(st.just("answer"), st.integers(0, 3), st.integers(0, 9)),
)
LIVES = st.lists(DEEDS, max_size=40)
TAKE_OVERS = st.none() | st.integers(-5, 20).map(after)


def live(deeds: Sequence[tuple[object, ...]], take_over_on: date | None) -> Life:
    life = Life(take_over_on)
    for deed in deeds:
        match deed:
            case ("note", UUID() as item, int(step), int(latest)):
                life.note(item, step, latest)
            case ("cure", UUID() as item):
                life.cure(item)
            case ("pass", int(minutes)):
                life.now += timedelta(minutes=minutes)
            case ("fire",):
                life.fire()
            case ("answer", int(acted), int(days)):
                life.answer(acted, days)
            case _:
                raise AssertionError(deed)
    return life


def ended(life: Life) -> Sequence[UUID]:
    """Crossings that acted or were passed over, as often as they did."""
    return [
        step.crossing_id
        for _, event in life.happened
        if isinstance(event, events.CaseStepTaken | events.CaseStepPassedOver)
        for step in event.steps
    ]


class TestLaws:
    @given(LIVES, TAKE_OVERS)
    def test_every_step_acts_is_passed_over_or_waits_with_a_timer(
        self, deeds: Sequence[tuple[object, ...]], take_over_on: date | None
    ) -> None:
        life = live(deeds, take_over_on)
        plan = life.state.plan

        assert set(life.reached) == set(ended(life)) | set(plan.waiting)
        assert set(ended(life)).isdisjoint(plan.waiting)
        assert len(ended(life)) == len(set(ended(life)))
        assert bool(case.timers(life.state)) == (bool(plan.waiting) and not plan.is_under_review)

    @given(LIVES, TAKE_OVERS)
    def test_every_step_comes_to_an_end_once_time_passes(
        self, deeds: Sequence[tuple[object, ...]], take_over_on: date | None
    ) -> None:
        life = live(deeds, take_over_on)
        life.answer(3, 0)
        for _ in range(4):  # The night is waited out, and what came meanwhile.
            life.now = MORNING + timedelta(days=(life.now - MORNING).days + 40)
            life.fire()
            life.answer(3, 0)

        assert sorted(life.reached) == sorted(ended(life))
        assert case.timers(life.state) == ()

    @given(LIVES, TAKE_OVERS)
    def test_the_case_is_open_exactly_while_an_item_is_overdue(
        self, deeds: Sequence[tuple[object, ...]], take_over_on: date | None
    ) -> None:
        life = live(deeds, take_over_on)

        assert isinstance(life.state, Open) == bool(life.overdue)
        if isinstance(life.state, Open):
            assert set(life.state.open_item_ids) == life.overdue

    @given(LIVES, TAKE_OVERS)
    def test_nothing_ends_before_it_began(
        self, deeds: Sequence[tuple[object, ...]], take_over_on: date | None
    ) -> None:
        days = [day for day, _ in live(deeds, take_over_on).happened]

        assert days == sorted(days)

    @given(LIVES, TAKE_OVERS)
    def test_the_state_is_that_of_its_events(
        self, deeds: Sequence[tuple[object, ...]], take_over_on: date | None
    ) -> None:
        life = live(deeds, take_over_on)
        state = case.initial
        for _, event in life.happened:
            state = case.evolve(state, event)

        assert state == life.state
