from __future__ import annotations

from uuid import UUID

import pytest

from services.dunning.contract.inbox import AccountDetailsChanged
from services.dunning.work.domain.idle_tasks import IdleTasks
from services.dunning.work.domain.task.commands import WithdrawTask
from services.dunning.work.reactions.when_address_was_entered_withdraw_the_request import react
from shared.kernel.envelope import Recorded
from tests.support.cases import ZONE
from tests.support.dunning import ACCOUNT, after, recorded

ASKED = IdleTasks(task_ids=(UUID(int=1), UUID(int=2)), time_zone=ZONE)


def changed(*fields: str) -> Recorded[AccountDetailsChanged]:
    return recorded(AccountDetailsChanged(account_id=ACCOUNT, fields=fields), after(1))


class TestWithdrawTheRequest:
    @pytest.mark.parametrize("fields", [("email",), ("postal_address",), ("name", "email")])
    def test_ends_every_request_with_the_reason(self, fields: tuple[str, ...]) -> None:
        assert react(changed(*fields), ASKED) == [
            WithdrawTask(task_id=id, reason="address_entered", time_zone=ZONE)
            for id in ASKED.task_ids
        ]

    def test_stays_quiet_about_other_details(self) -> None:
        assert react(changed("name", "phone", "language"), ASKED) == []

    def test_stays_quiet_where_nobody_was_asked(self) -> None:
        nobody = IdleTasks(task_ids=(), time_zone=ZONE)

        assert react(changed("email"), nobody) == []
