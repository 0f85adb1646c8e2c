"""The reactions to a crossing: what follows from the event and the facts that were seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.dunning.accounts.domain.account_facts import AccountFacts
from services.dunning.accounts.domain.grades import GradeOnDay
from services.dunning.alerts.domain.overdue_alert.decide import alert_id
from services.dunning.alerts.reactions import when_invoice_became_overdue_raise_an_alert
from services.dunning.work.domain.case.commands import NoteStep
from services.dunning.work.reactions import when_threshold_was_reached_note_the_step
from tests.support.cases import NOTE, ZONE
from tests.support.dunning import (
    COLLECTOR,
    after,
    approached,
    became_overdue,
    crossings,
    reached,
    recorded,
)

FACTS = AccountFacts(
    time_zone=ZONE,
    take_over_on=None,
    collector_id=COLLECTOR,
    grades=[GradeOnDay(after(-30), "较差")],
    latest_step=1,
    is_settled=False,
)
note = when_threshold_was_reached_note_the_step.react
alert = when_invoice_became_overdue_raise_an_alert.react


class TestNoteTheStep:
    def test_says_what_was_reached_and_what_is_known_of_it(self) -> None:
        source = recorded(became_overdue(), after(1))

        assert note(source, FACTS) == [replace(NOTE, crossing_id=source.id)]

    def test_notes_what_is_due_soon(self) -> None:
        (noted,) = note(recorded(approached(), after(-3)), replace(FACTS, latest_step=-3))

        assert (noted.step, noted.latest_step, noted.reached_on) == (-3, -3, after(-3))

    @pytest.mark.parametrize(("known", "latest"), [(None, 90), (1, 90), (90, 90)])
    def test_knows_the_latest_step_from_the_crossing_or_from_what_came_after(
        self, known: int | None, latest: int
    ) -> None:
        first, *_ = crossings(90)
        (noted,) = note(recorded(first, after(1)), replace(FACTS, latest_step=known))

        assert (noted.step, noted.latest_step) == (1, latest)

    def test_knows_it_from_the_facts_alone_after_an_outage(self) -> None:
        (noted,) = note(recorded(became_overdue(), after(1)), replace(FACTS, latest_step=60))

        assert noted.latest_step == 60

    def test_says_that_a_payment_was_returned(self) -> None:
        (again,) = crossings(1, reopened_on=after(20))
        (noted,) = note(recorded(again, after(20)), FACTS)

        assert noted.is_returned

    def test_says_that_the_item_is_settled_by_now(self) -> None:
        (noted,) = note(recorded(became_overdue(), after(1)), replace(FACTS, is_settled=True))

        assert isinstance(noted, NoteStep)
        assert noted.is_settled


class TestRaiseAnAlert:
    def test_raises_one_with_what_is_known_of_the_account(self) -> None:
        source = recorded(reached(30), after(30))
        (raised,) = alert(source, replace(FACTS, latest_step=30))

        assert raised.alert_id == alert_id(source.id, 30, "default@1")
        assert (raised.threshold_days, raised.time_zone) == (30, ZONE)
        assert (raised.grade, raised.collector_id) == ("较差", COLLECTOR)

    def test_is_the_same_alert_for_the_same_crossing(self) -> None:
        source = recorded(became_overdue(), after(1))

        assert alert(source, FACTS)[0].alert_id == alert(source, FACTS)[0].alert_id

    def test_raises_only_the_last_of_several_that_come_together(self) -> None:
        """Entered today, due 100 days ago: one alert, at the step it has reached."""
        raised = [
            command.threshold_days
            for version, crossing in enumerate(crossings(90), start=1)
            for command in alert(recorded(crossing, after(100), version=version), FACTS)
        ]

        assert raised == [90]

    def test_raises_none_for_a_step_that_is_behind_after_an_outage(self) -> None:
        behind = replace(FACTS, latest_step=60)

        assert alert(recorded(became_overdue(), after(1)), behind) == []
        assert len(alert(recorded(reached(60), after(60)), behind)) == 1

    def test_raises_none_for_what_was_before_the_take_over(self) -> None:
        taken_over = replace(FACTS, take_over_on=after(10))

        assert alert(recorded(became_overdue(), after(1)), taken_over) == []
        assert len(alert(recorded(reached(30), after(30)), taken_over)) == 1
        on_the_day = replace(FACTS, take_over_on=after(1))
        assert len(alert(recorded(became_overdue(), after(1)), on_the_day)) == 1

    def test_raises_none_for_what_is_settled_by_now(self) -> None:
        settled = replace(FACTS, is_settled=True, latest_step=None)

        assert alert(recorded(became_overdue(), after(1)), settled) == []

    def test_sees_the_grade_before_the_night_of_the_crossing(self) -> None:
        grades = [GradeOnDay(after(-30), "良好"), GradeOnDay(after(0), "较差")]
        source = recorded(became_overdue(), after(1))
        (raised,) = alert(source, replace(FACTS, grades=grades))

        assert raised.grade == "良好"
