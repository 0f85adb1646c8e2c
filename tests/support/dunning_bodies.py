"""Request bodies of dunning's routes, as a client would write them, and what they are about."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from services.dunning.contract.inbox import CreditFileGradeChanged
from tests.support.dunning import (
    ACCOUNT,
    INVOICE,
    ISSUED,
    ITEM_A,
    ITEM_B,
    after,
    at,
    became_overdue,
    issued,
    opened,
    registered,
)
from tests.support.dunning_running import RunningDunning

NOW: Final = at(after(1), 20)  # The clock after `overdue`: in Shanghai it is the next day.
INVOICE_B: Final = UUID(int=32)
CREDIT_FILE: Final = UUID(int=34)
CONTACT: Final[dict[str, Any]] = {
    "account": {"legal_entity": "CN01", "number": "C-1001"},
    "channel": "phone",
    "outcome": "promised",
    "open_item_ids": [str(ITEM_A)],
    "contact_person": "王芳",
    "text": "下周付款",
}
PROMISE: Final[dict[str, Any]] = {
    "account": {"id": str(ACCOUNT)},
    "amount": {"amount": "2350.00", "currency": "CNY"},
    "promised_on": after(9).isoformat(),
    "text": "答应了",
}


ENTITY: Final = UUID(int=30)


async def two_items(dunning: RunningDunning, grade: str = "较差") -> None:
    await dunning.hear(registered(), ISSUED, at(ISSUED), stream=ENTITY, account_id=ENTITY)
    await dunning.hear(opened(), ISSUED, at(ISSUED), stream=ACCOUNT)
    await dunning.hear(issued(ITEM_A, 235_000), ISSUED, at(ISSUED), stream=INVOICE)
    await dunning.hear(issued(ITEM_B, 120_050), ISSUED, at(ISSUED), stream=INVOICE_B)
    changed = CreditFileGradeChanged(account_id=ACCOUNT, to_grade=grade)
    await dunning.hear(changed, after(-30), at(after(-29)), stream=CREDIT_FILE)


async def overdue(dunning: RunningDunning) -> None:
    """Both items are one day past due, and it was decided what is done about it."""
    await dunning.move(at(after(1)))
    await two_items(dunning)
    await dunning.hear(became_overdue(ITEM_A), after(1), at(after(1)), stream=INVOICE)
    await dunning.hear(became_overdue(ITEM_B, 120_050), after(1), at(after(1)), stream=INVOICE_B)
    await dunning.settled()
    await dunning.move(at(after(1), 1))
    await dunning.move(NOW)
