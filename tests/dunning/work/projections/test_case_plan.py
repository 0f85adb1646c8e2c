"""What waits for a review, from the case's events: the same rows whatever the batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.dunning.work.domain.case import events
from services.dunning.work.projections.case_plan import READ_MODEL
from shared.kernel.envelope import Recorded
from tests.support.cases import (
    ADDED,
    CLOSED,
    CROSSING,
    MORNING,
    OPENED,
    REACHED,
    REMOVED,
    REVIEWED,
    STARTED,
    STEP,
    TAKEN,
)
from tests.support.dunning import ACCOUNT, ITEM_A, ITEM_B, TENANT, after, recorded
from tests.support.projecting import Tables, project

CASE, AGAIN = UUID(int=900), UUID(int=602)
EVERY_BATCH = pytest.mark.parametrize("batch", [1, 2, 1000])
OTHER = replace(REACHED, crossing_id=AGAIN, open_item_id=ITEM_B)


def life(*happened: Any) -> Sequence[Recorded[Any]]:
    return [
        recorded(event, after(1), stream=CASE, version=n + 1, offset=n)
        for n, event in enumerate(happened)
    ]


def steps(tables: Tables) -> set[Any]:
    return {key[2] for key in tables["case_step"]}


@EVERY_BATCH
class TestCasePlan:
    def test_keeps_what_was_reached_until_it_acts(self, batch: int) -> None:
        before = project(READ_MODEL, life(OPENED, ADDED, REACHED, OTHER), batch=batch)
        after_it = project(
            READ_MODEL, life(OPENED, ADDED, REACHED, OTHER, STARTED, TAKEN, REVIEWED), batch=batch
        )

        assert steps(before) == {CROSSING, AGAIN}
        row = before["case_step"][TENANT, CASE, CROSSING]
        assert (row.open_item_id, row.step, row.reached_on) == (ITEM_A, 1, after(1))
        assert before["case_plan"][TENANT, CASE].review_at == MORNING
        assert steps(after_it) == {AGAIN}
        plan = after_it["case_plan"][TENANT, CASE]
        assert (plan.last_notice_on, plan.last_notice_step) == (after(1), 1)
        assert plan.review_at is None

    def test_drops_what_was_passed_over(self, batch: int) -> None:
        both = (STEP, replace(STEP, crossing_id=AGAIN, open_item_id=ITEM_B))
        passed = events.CaseStepPassedOver(account_id=ACCOUNT, reason="settled", steps=both)
        tables = project(READ_MODEL, life(REACHED, OTHER, STARTED, passed), batch=batch)

        assert steps(tables) == set()

    def test_knows_nothing_of_what_was_passed_over_at_once(self, batch: int) -> None:
        passed = events.CaseStepPassedOver(
            account_id=ACCOUNT, reason="more_severe_step", steps=(STEP,)
        )

        assert project(READ_MODEL, life(OPENED, ADDED, passed), batch=batch) == {
            "case_plan": {},
            "case_step": {},
        }

    def test_remembers_no_notice_of_a_step_that_opened_a_task_alone(self, batch: int) -> None:
        alone = replace(TAKEN, notices=(), tasks=("phone",))
        tables = project(READ_MODEL, life(REACHED, STARTED, alone, REVIEWED), batch=batch)

        assert tables["case_plan"][TENANT, CASE].last_notice_on is None

    def test_says_when_it_is_looked_at_again(self, batch: int) -> None:
        later = MORNING + timedelta(days=7)
        postponed = events.CaseReviewMoved(account_id=ACCOUNT, review_at=later)
        waits = replace(REVIEWED, review_at=later)
        for history in ((REACHED, postponed), (REACHED, STARTED, waits)):
            tables = project(READ_MODEL, life(*history), batch=batch)

            assert tables["case_plan"][TENANT, CASE].review_at == later
            assert steps(tables) == {CROSSING}

    def test_keeps_a_step_that_was_reached_anew(self, batch: int) -> None:
        anew = replace(REACHED, crossing_id=AGAIN, is_returned=True)
        tables = project(
            READ_MODEL,
            life(OPENED, ADDED, REACHED, STARTED, REMOVED, CLOSED, OPENED, ADDED, anew, TAKEN),
            batch=batch,
        )

        assert steps(tables) == {AGAIN}
        assert tables["case_step"][TENANT, CASE, AGAIN].is_returned
