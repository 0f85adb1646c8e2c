from __future__ import annotations

from uuid import UUID

from services.dunning.contract.inbox import TakeOverDateChanged
from services.dunning.work.domain.case.commands import BringReviewForward
from services.dunning.work.reactions.when_take_over_date_changed_review_its_cases import react
from tests.support.dunning import after, recorded

CHANGED = recorded(TakeOverDateChanged(code="CN01", take_over_on=after(10)), after(1))


class TestReviewItsCases:
    def test_brings_each_forward_to_the_new_date(self) -> None:
        cases = [UUID(int=1), UUID(int=2)]

        assert react(CHANGED, cases) == [
            BringReviewForward(case_id=id, take_over_on=after(10)) for id in cases
        ]

    def test_stays_quiet_where_nothing_waits(self) -> None:
        assert react(CHANGED, []) == []
