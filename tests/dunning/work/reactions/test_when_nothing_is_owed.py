from __future__ import annotations

from uuid import UUID

import pytest

from services.dunning.work.domain.idle_tasks import IdleTasks
from services.dunning.work.domain.task.commands import WithdrawTask
from services.dunning.work.domain.task.events import TaskOpened
from services.dunning.work.reactions.when_nothing_is_owed_withdraw_the_tasks import react
from tests.support.cases import CLOSED, ZONE
from tests.support.dunning import after, recorded
from tests.support.dunning_samples import SAMPLES

TASKS = (UUID(int=1), UUID(int=2))
(TASK_OPENED,) = (sample for sample in SAMPLES if isinstance(sample, TaskOpened))


class TestWithdrawTheTasks:
    @pytest.mark.parametrize("event", [CLOSED, TASK_OPENED], ids=["closed", "opened"])
    def test_withdraws_each_with_the_reason(self, event: object) -> None:
        facts = IdleTasks(task_ids=TASKS, time_zone=ZONE)

        assert react(recorded(event, after(9)), facts) == [
            WithdrawTask(task_id=id, reason="nothing_owed", time_zone=ZONE) for id in TASKS
        ]

    def test_stays_quiet_where_something_is_owed(self) -> None:
        assert react(recorded(CLOSED, after(9)), IdleTasks(task_ids=(), time_zone=ZONE)) == []
