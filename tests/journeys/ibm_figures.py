"""What the IBM ledger must come to, whichever way it was entered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from tests.journeys import ibm_oracle as oracle
from tests.support.ibm_story import ENTITY, Book

BEHAVIOR_ON: Final = date(2013, 12, 2)
ROUNDING: Final = Fraction(1, 20_000)  # Four places on the wire.

Bucket = tuple[int, str]  # Items, and what is open of them.
AGING: Final[Sequence[tuple[date, Bucket, Bucket, Bucket]]] = (  # All, not due, 1 to 30 days.
    (date(2012, 12, 31), (99, "5725.06"), (86, "4936.32"), (13, "788.74")),
    (date(2013, 6, 30), (84, "5119.85"), (72, "4284.29"), (12, "835.56")),
    (date(2013, 12, 2), (83, "4930.10"), (76, "4422.79"), (7, "507.31")),
)


def check_aging(book: Book, items: Sequence[oracle.Invoice]) -> None:
    """Compares with the published figures, and with a computation apart."""
    for as_of, whole, not_due, late in AGING:
        report = book.get("/ledger/v1/reports/aging", legal_entity=ENTITY, as_of=str(as_of))
        (cny,) = report["currencies"]
        buckets = {
            one["bucket"]: (one["items"], Decimal(one["open_amount"]["amount"]))
            for one in cny["buckets"]
        }

        assert (cny["total"]["items"], cny["total"]["open_amount"]["amount"]) == whole
        assert buckets["not_due"] == (not_due[0], Decimal(not_due[1]))
        assert buckets["1_30"] == (late[0], Decimal(late[1]))
        assert buckets == oracle.aging(items, as_of)


def check_behavior(book: Book, items: Sequence[oracle.Invoice]) -> None:
    """Compares how every customer pays with a computation apart."""
    books = oracle.by_account(items)
    wrong = []
    for number, account_id in book.account_ids().items():
        file = book.get(f"/credit/v1/credit-files/{account_id}", as_of=str(BEHAVIOR_ON))
        if not _same_behavior(file["behavior"], oracle.behavior(books[number], BEHAVIOR_ON)):
            wrong.append(number)

    assert len(books) == 100
    assert wrong == []


def near(text: str | None, exact: Fraction | None) -> bool:
    if text is None or exact is None:
        return text is None and exact is None
    return abs(Fraction(text) - exact) <= ROUNDING


def _same_behavior(found: Any, expected: oracle.Behavior) -> bool:
    return (
        found["allocations"] == expected.allocations
        and near(found["adbt"], expected.adbt)
        and near(found["payment_index"], expected.payment_index)
        and near(found["late_cnt"], expected.late_cnt)
        and near(found["late_amt"], expected.late_amt)
        and (found["max_dpd"] or 0) == (expected.max_dpd or 0)
        and near(found["trend"], expected.trend)
        and found["tenure_months"] == expected.tenure_months
    )
