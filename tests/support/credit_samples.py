"""One event of every type credit publishes: what its golden files hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from services.credit.files.domain.credit_file import events as credit_file
from services.credit.lines.domain.credit_line import events as credit_line
from shared.kernel.money import Money

ACCOUNT_ID: Final = UUID("a1010000-0000-4000-8000-000000000001")
MONTH_END: Final = date(2026, 3, 31)


def _indicator(
    id: str, weight: int, value: str | None = None, sub_score: int | None = None
) -> credit_file.Indicator:
    return credit_file.Indicator(
        id=id,
        status="not_applicable" if value is None else "available",
        value=value,
        sub_score=sub_score,
        weight=weight,
    )


SAMPLES: Final[Sequence[object]] = (
    credit_file.CreditFileOpened(
        account_id=ACCOUNT_ID,
        account_number="C-1001",
        legal_entity="CN01",
        time_zone="Asia/Shanghai",
        currency="CNY",
        opened_on=date(2026, 1, 5),
        recorded_on=date(2026, 1, 5),
    ),
    credit_file.CreditFileReviewStarted(account_id=ACCOUNT_ID, as_of=MONTH_END),
    credit_file.CreditFileScored(
        account_id=ACCOUNT_ID,
        as_of=MONTH_END,
        score="46.9697",
        coverage="0.8919",
        band="较差",
        indicators=(
            _indicator("ADBT", 30, "12.5714", 70),
            _indicator("LATE_AMT", 14, "0.8571", 0),
            _indicator("MAX_DPD", 14, "20.0000", 60),
            credit_file.Indicator(
                id="TREND", status="not_available", value=None, sub_score=None, weight=8
            ),
            _indicator("PTP_BROKEN", 8),
            _indicator("UTIL", 8),
            _indicator("TENURE", 8, "2.0000", 20),
            _indicator("INDUSTRY", 4),
            _indicator("LEGAL", 4),
            _indicator("YEARS", 2),
        ),
        reasons=(
            credit_file.Reason(id="LATE_AMT", points_lost="21.2121", currencies=()),
            credit_file.Reason(id="ADBT", points_lost="13.6364", currencies=()),
            credit_file.Reason(id="TENURE", points_lost="9.6970", currencies=()),
            credit_file.Reason(id="MAX_DPD", points_lost="8.4848", currencies=()),
            credit_file.Reason(
                id="OTHER_CURRENCIES_LEFT_OUT", points_lost="0.0000", currencies=("USD", "VND")
            ),
        ),
        caps=(credit_file.Cap(id="OPEN_ITEM_OVER_90_DPD", grade="良好"),),
        allocations=3,
        watch=1,
        strong=0,
    ),
    credit_file.CreditFileGradeChanged(
        account_id=ACCOUNT_ID,
        as_of=MONTH_END,
        from_grade="未评级",
        to_grade="较差",
        score="46.9697",
    ),
    credit_line.CreditLineLimitSet(
        account_id=ACCOUNT_ID,
        account_number="C-1001",
        limit=Money.of("500000.00", "CNY"),
        previous=Money.of("300000.00", "CNY"),
    ),
)
