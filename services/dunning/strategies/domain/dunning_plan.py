"""What is done about a debt: grade and days past due say which notices and tasks. One table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.dunning.accounts.domain.grades import BEST, FAIR, GOOD, POOR, UNRATED

POLICY_VERSION: Final = "default@1"

EMAIL: Final = "email"
LETTER: Final = "letter"

PRE_DUE: Final = "pre_due"
REMINDER: Final = "reminder"
DUNNING_LETTER: Final = "dunning_letter"
FINAL_NOTICE: Final = "final_notice"
PAYMENT_RETURNED: Final = "payment_returned"  # Of no step: it answers a payment that bounced.

PHONE: Final = "phone"
LEGAL_DECISION: Final = "legal_decision"
ALLOCATE_MONEY: Final = "allocate_money"  # Of no step: the customer has paid, nobody said for what.
ASK_FOR_ADDRESS: Final = "ask_for_address"  # A notice reached nobody.
CHECK_NOTICE: Final = "check_notice"  # A notice could not be written or handed over.


@dataclass(frozen=True, slots=True)
class SendNotice:
    channel: str
    template: str


@dataclass(frozen=True, slots=True)
class AskSomebody:
    """A task for a person."""

    kind: str


Action = SendNotice | AskSomebody

_PRE_DUE_EMAIL: Final = SendNotice(EMAIL, PRE_DUE)
_REMINDER: Final = SendNotice(EMAIL, REMINDER)
_LETTER: Final = SendNotice(LETTER, DUNNING_LETTER)
_FINAL: Final = SendNotice(LETTER, FINAL_NOTICE)
_PHONE: Final = AskSomebody(PHONE)
_LEGAL: Final = AskSomebody(LEGAL_DECISION)

_COLUMNS: Final = {BEST: 0, GOOD: 1, FAIR: 2, UNRATED: 2, POOR: 3}
_PLAN: Final[Mapping[int, Sequence[Sequence[Action]]]] = {
    # days past due: 优质, 良好, 一般 and 未评级, 较差
    -3: ((_PRE_DUE_EMAIL,), (_PRE_DUE_EMAIL,), (_PRE_DUE_EMAIL,), (_PRE_DUE_EMAIL,)),
    1: ((), (_REMINDER,), (_REMINDER,), (_REMINDER, _PHONE)),
    30: ((_PHONE,), (_PHONE,), (_LETTER, _PHONE), (_LETTER, _PHONE)),
    60: ((_LETTER,), (_LETTER,), (_FINAL,), (_FINAL,)),
    90: ((_FINAL,), (_FINAL,), (_LEGAL,), (_LEGAL,)),
}
STEPS_PAST_DUE: Final = tuple(sorted(step for step in _PLAN if step > 0))


def actions(grade: str, threshold_days: int) -> Sequence[Action]:
    """Nothing for a threshold the plan does not know; a grade nobody knows counts as unrated."""
    row = _PLAN.get(threshold_days)
    return row[_COLUMNS.get(grade, _COLUMNS[UNRATED])] if row else ()
