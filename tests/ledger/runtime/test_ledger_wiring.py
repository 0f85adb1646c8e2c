from __future__ import annotations

import pytest

from services.ledger.receivables.domain.aging import BadEdges, BadThresholds
from services.ledger.runtime.settings import Settings
from services.ledger.runtime.wiring import service
from shared.kernel.decider import Rejected
from shared.platform.http.problems import slug_of


class TestService:
    @pytest.mark.parametrize("days", [(), (-3,), (0, 1), (1, 1)])
    def test_refuses_thresholds_that_make_nothing_overdue_or_no_sense(
        self, days: tuple[int, ...]
    ) -> None:
        with pytest.raises(BadThresholds):
            service(Settings(thresholds=days))

    def test_refuses_edges_that_leave_a_gap(self) -> None:
        with pytest.raises(BadEdges):
            service(Settings(aging_edges=(30, 30)))

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
