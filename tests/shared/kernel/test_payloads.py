from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from shared.kernel.payloads import UnknownTimer, payload_of, text_of


@dataclass(frozen=True)
class DaysPastDue:
    threshold: int
    installment: int


@dataclass(frozen=True)
class FollowUp:
    invoice_number: str
    on: date


@dataclass(frozen=True)
class MonthEnd:
    pass


KINDS = (DaysPastDue, FollowUp, MonthEnd)


class TestPayload:
    def test_is_stored_under_its_name_and_its_fields(self) -> None:
        assert text_of(DaysPastDue(threshold=-3, installment=1)) == "days_past_due/-3/1"
        assert text_of(MonthEnd()) == "month_end"

    @pytest.mark.parametrize(
        "number", ["2026-0131", "A/17", "/", "//", "100%", "%2F", "%25", "%252F", "", "七/八"]
    )
    def test_is_the_same_again_whatever_its_texts_hold(self, number: str) -> None:
        payload = FollowUp(invoice_number=number, on=date(2026, 3, 2))

        assert payload_of(text_of(payload), KINDS) == payload

    @pytest.mark.parametrize("text", ["month_start", "days_past_due/30", "month_end/1"])
    def test_of_another_kind_or_shape_is_unknown(self, text: str) -> None:
        with pytest.raises(UnknownTimer):
            payload_of(text, KINDS)
