"""What dunning's projections would answer in the golden story, where nobody keeps any."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final, Protocol
from uuid import UUID

from services.dunning.accounts.domain.account_facts import AccountFacts
from services.dunning.accounts.domain.grades import GradeOnDay
from services.dunning.accounts.domain.listed_item import ListedItem
from services.dunning.accounts.projections.account_facts import zone_of_account
from services.dunning.accounts.projections.crossing_facts import facts_of_crossings
from services.dunning.strategies.domain.review import OwedItem, ReachedStep, ReviewFacts
from services.dunning.work.domain.review_facts import CaseFacts
from services.dunning.work.projections.review_facts import facts_of_review
from shared.kernel.envelope import Recorded
from shared.kernel.money import Money
from shared.platform.log.port import NewRecord
from shared.platform.reactor.port import BatchQuestion, Question
from tests.support.ledger_bodies import ACCOUNT as OPENED


class Published(Protocol):
    @property
    def record(self) -> NewRecord: ...


ZONE: Final = "Asia/Shanghai"
COLLECTOR: Final = UUID(str(OPENED["collector_id"]))
FACTS: Final = AccountFacts(
    time_zone=ZONE,
    take_over_on=None,
    collector_id=COLLECTOR,
    grades=(GradeOnDay(date(2011, 12, 31), "一般"),),
    latest_step=None,
    is_settled=False,
)


def _reviewed(records: Sequence[Published], recorded: Recorded[Any]) -> CaseFacts:
    """What dunning's projections would say of the one item, at each step it waits at."""
    said = [json.loads(one.record.value) for one in records if one.record.value]
    reached = [one for one in said if "review_at" in one and "crossing_id" in one][-1]
    item_id = UUID(reached["open_item_id"])
    owed = Money.of("2350.00", "CNY")
    item = ListedItem(
        open_item_id=item_id,
        invoice_number="2012-0131",
        installment=1,
        due_on=date(2012, 3, 1),
        open_amount=owed,
    )
    rules = ReviewFacts(
        today=recorded.effective_on,
        grade="一般",
        reached=[
            ReachedStep(
                crossing_id=UUID(reached["crossing_id"]),
                open_item_id=item_id,
                step=reached["step"],
                reached_on=date.fromisoformat(reached["reached_on"]),
                is_returned=reached["is_returned"],
            )
        ],
        items=[OwedItem(item=item, latest_step=reached["step"])],
        unallocated=Money.zero("CNY"),
        promised=Money.zero("CNY"),
        promised_until=None,
        minimum=Money.of("1.00", "CNY"),
        last_notice=None,
    )
    return CaseFacts(
        rules=rules, history=(), take_over_on=None, collector_id=COLLECTOR, is_cut=False
    )


Answer = Callable[[Sequence[Published], Recorded[Any]], Any]
ANSWERS: Final[Mapping[Question | BatchQuestion | None, Answer]] = {
    facts_of_crossings: lambda records, recorded: FACTS,
    zone_of_account: lambda records, recorded: ZONE,
    facts_of_review: _reviewed,
    None: lambda records, recorded: None,
}
