"""When the review of a month end started, score the customer by how it paid until then.

In its account's currency; others with something to judge are named.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.credit.files.domain.credit_file import commands, events
from services.credit.files.domain.review import ReviewFacts
from services.credit.lines.domain.exposure import utilization
from services.credit.scorecards.domain.behavior import behavior
from shared.kernel.envelope import Recorded

HEARS: Final = events.CreditFileReviewStarted
NEEDS: Final = ("behavior", "exposure")


def react(
    recorded: Recorded[events.CreditFileReviewStarted], facts: ReviewFacts
) -> Sequence[commands.RecordScore]:
    as_of = recorded.event.as_of
    used = None if facts.limit is None else utilization(facts.movements, facts.limit, as_of)
    others = facts.histories.others
    return [
        commands.RecordScore(
            file_id=recorded.stream_id,
            behavior=behavior(facts.histories.own, as_of),
            utilization=used,
            currencies_left_out=[
                each.currency for each in others if behavior(each, as_of).says_something
            ],
        )
    ]
