from __future__ import annotations

import pytest
from pydantic import ValidationError

from services.ledger.runtime.settings import Settings
from services.ledger.runtime.wiring import service
from shared.kernel.decider import Rejected
from shared.platform.http.problems import slug_of


class TestSettings:
    @pytest.mark.parametrize(
        "days", [(), (-3,), (0, 1), (1, 1), (*range(1, 42),), (1, 36_501), (1, -36_501)]
    )
    def test_refuse_thresholds_that_make_nothing_overdue_or_no_sense(
        self, days: tuple[int, ...]
    ) -> None:
        with pytest.raises(ValidationError, match="thresholds"):
            Settings(thresholds=days)

    @pytest.mark.parametrize("days", [(30, 30), (60, 30), (), (0, 30), (*range(1, 14),)])
    def test_refuse_edges_that_leave_a_gap(self, days: tuple[int, ...]) -> None:
        with pytest.raises(ValidationError, match="aging_edges"):
            Settings(aging_edges=days)

    def test_take_as_many_as_there_may_be(self) -> None:
        assert len(Settings(thresholds=tuple(range(1, 41))).thresholds) == 40
        assert len(Settings(aging_edges=tuple(range(1, 13))).aging_edges) == 12


class TestService:
    def test_gives_every_rejection_of_the_domain_a_status(self) -> None:
        """A rule without a row would be answered as if it were about the present state."""
        known = set(service(Settings()).problems)
        rules = {
            kind
            for kind in _all_below(Rejected)
            if kind.__module__.startswith(("services.ledger.", "shared.kernel.rejections"))
        }

        assert rules == known
        assert len({slug_of(kind.__name__) for kind in known}) == len(known)


def _all_below(kind: type[Rejected]) -> set[type[Rejected]]:
    below = set(kind.__subclasses__())
    return below | {each for one in below for each in _all_below(one)}
