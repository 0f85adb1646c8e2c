from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.kernel.ids import stream_id
from shared.kernel.money import Money
from shared.platform.http.models import (
    AccountRef,
    Code,
    Day,
    Id,
    Instant,
    LongText,
    MoneyIn,
    MoneyOrZeroIn,
    Number,
    RequestBody,
    ShortText,
    ThingRef,
    TimeZone,
)

TENANT = UUID(int=1)


class Body(RequestBody):
    total: MoneyIn
    due_on: Day | None = None


def faults(kind: Any, value: object) -> list[tuple[tuple[int | str, ...], str]]:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    return [(error["loc"], error["type"]) for error in caught.value.errors()]


class TestMoneyIn:
    def test_gives_exact_money(self) -> None:
        found = MoneyIn.model_validate({"amount": "1234.50", "currency": "CNY"})
        assert found.money() == Money(123450, "CNY")

    @pytest.mark.parametrize(
        ("amount", "currency", "place", "code"),
        [
            ("0.00", "CNY", "amount", "amount_not_positive"),
            ("-1.00", "CNY", "amount", "amount_not_positive"),
            ("1.005", "CNY", "amount", "amount_scale"),
            ("1.00000000001", "CNY", "amount", "amount_scale"),
            ("1.5", "JPY", "amount", "amount_scale"),
            ("1e3", "CNY", "amount", "invalid_value"),
            ("01.00", "CNY", "amount", "invalid_value"),
            ("", "CNY", "amount", "invalid_value"),
            ("٣.00", "CNY", "amount", "invalid_value"),
            ("99999999999999999.00", "CNY", "amount", "invalid_value"),
            ("1.00", "ZZZ", "currency", "unknown_currency"),
            ("1.00", "cny", "currency", "unknown_currency"),
            (1.5, "CNY", "amount", "string_type"),
        ],
    )
    def test_names_what_is_wrong(
        self, amount: object, currency: str, place: str, code: str
    ) -> None:
        found = faults(Body, {"total": {"amount": amount, "currency": currency}})
        assert found == [(("total", place), code)]

    @pytest.mark.parametrize(
        ("amount", "currency", "minor"),
        [("100.00", "JPY", 100), ("1.0000000000", "CNY", 100), ("0.4900", "RSD", 49)],
    )
    def test_takes_zeros_behind_the_digits_of_the_currency(
        self, amount: str, currency: str, minor: int
    ) -> None:
        found = MoneyIn.model_validate({"amount": amount, "currency": currency})
        assert found.money() == Money(minor, currency)

    def test_says_where_zero_would_have_been_right(self) -> None:
        below = {"amount": "-1.00", "currency": "CNY"}
        with pytest.raises(ValidationError, match=r"Must be zero or above\."):
            MoneyOrZeroIn.model_validate(below)
        with pytest.raises(ValidationError, match=r"Must be above zero\."):
            MoneyIn.model_validate(below)

    def test_may_be_nothing_only_where_it_says_so(self) -> None:
        nothing = {"amount": "0.00", "currency": "CNY"}
        assert MoneyOrZeroIn.model_validate(nothing).money() == Money.zero("CNY")
        assert faults(MoneyOrZeroIn, {**nothing, "amount": "-0.01"}) == [
            (("amount",), "amount_not_positive")
        ]


class TestRequestBody:
    def test_is_closed(self) -> None:
        body = {"total": {"amount": "1.00", "currency": "CNY"}, "note": "x"}
        assert faults(Body, body) == [(("note",), "extra_forbidden")]

    def test_names_every_fault(self) -> None:
        assert faults(Body, {"due_on": "soon"}) == [
            (("total",), "missing"),
            (("due_on",), "invalid_value"),
        ]


class TestDay:
    def test_reads_the_one_spelling(self) -> None:
        assert TypeAdapter(Day).validate_python("2026-02-28") == date(2026, 2, 28)

    @pytest.mark.parametrize(
        "value", ["20260228", "2026-02-29", "2026-2-8", "2026-W01-1", "0001-01-01", "9999-12-31", 5]
    )
    def test_refuses_others(self, value: object) -> None:
        assert faults(Day, value) == [((), "invalid_value")]


class TestInstant:
    def test_gives_utc(self) -> None:
        found = TypeAdapter(Instant).validate_python("2026-01-31T08:00:00.5+08:00")
        assert found == datetime(2026, 1, 31, 0, 0, 0, 500_000, tzinfo=UTC)

    @pytest.mark.parametrize("value", ["2026-01-31T08:00:00", "2026-01-31", "2026-01-31T25:00:00Z"])
    def test_refuses_what_has_no_offset_or_no_meaning(self, value: str) -> None:
        assert faults(Instant, value) == [((), "invalid_value")]


class TestId:
    @pytest.mark.parametrize(
        "value", ["{00000000-0000-0000-0000-000000000001}", "0" * 32, "urn:uuid:x", "", 7]
    )
    def test_refuses_other_spellings(self, value: object) -> None:
        assert faults(Id, value) == [((), "invalid_value")]


class TestTexts:
    def test_are_composed(self) -> None:
        assert TypeAdapter(ShortText).validate_python("Zu\u0308rich") == "Z\u00fcrich"

    @pytest.mark.parametrize("value", [" x", "x ", "\u3000x"])
    def test_short_ones_refuse_blanks_around(self, value: str) -> None:
        assert faults(ShortText, value) == [((), "invalid_value")]

    @pytest.mark.parametrize("value", ["a\nb", "a\x00b", "\u200b\u2028"])
    def test_short_ones_refuse_controls(self, value: str) -> None:
        assert faults(ShortText, value) == [((), "character_not_allowed")]

    # Zero width space, right-to-left override, filler, byte order mark, soft hyphen, variation
    # selector, blank of Braille, private use.
    @pytest.mark.parametrize(
        "hidden", ["\u200b", "\u202e", "\u3164", "\ufeff", "\u00ad", "\ufe0f", "\u2800", "\ue000"]
    )
    @pytest.mark.parametrize("kind", [ShortText, Number])
    def test_short_ones_hold_nothing_that_no_reader_sees(self, kind: object, hidden: str) -> None:
        assert faults(kind, f"A{hidden}1") == [((), "character_not_allowed")]

    def test_numbers_are_taken_as_they_are_compared(self) -> None:
        assert TypeAdapter(Number).validate_python("\uff23\uff2e\uff0d\uff11") == "CN-1"
        assert faults(Number, "\ufdfa" * 6) == [((), "string_too_long")]  # 18 characters each.
        assert TypeAdapter(ShortText).validate_python("上海\uff08一\uff09") == "上海\uff08一\uff09"

    def test_short_ones_end_somewhere(self) -> None:
        assert faults(ShortText, "x" * 101) == [((), "string_too_long")]

    def test_long_ones_have_lines(self) -> None:
        assert TypeAdapter(LongText).validate_python("a\n\tb") == "a\n\tb"
        assert faults(LongText, "a\x00") == [((), "character_not_allowed")]

    def test_codes_are_plain(self) -> None:
        assert TypeAdapter(Code).validate_python("CN01") == "CN01"
        assert faults(Code, "CN 01") == [((), "string_pattern_mismatch")]
        assert faults(Code, "CN01\n") == [((), "string_pattern_mismatch")]

    def test_zones_are_those_of_the_world(self) -> None:
        assert TypeAdapter(TimeZone).validate_python("Asia/Shanghai") == "Asia/Shanghai"
        assert faults(TimeZone, "Asia/Atlantis") == [((), "invalid_value")]
        for host in ("localtime", "posixrules", "Factory", "right/UTC"):
            assert faults(TimeZone, host) == [((), "time_zone_not_fixed")]


class TestAccountRef:
    def test_resolves_either_way(self) -> None:
        named = AccountRef.model_validate({"legal_entity": "CN01", "number": "C-1"})
        known = AccountRef.model_validate({"id": str(UUID(int=5))})
        assert named.resolve(TENANT) == stream_id(TENANT, "CN01", "account", "C-1")
        assert known.resolve(TENANT) == UUID(int=5)

    @pytest.mark.parametrize(
        "value",
        [
            {},
            {"number": "C-1"},
            {"legal_entity": "CN01"},
            {"id": str(UUID(int=5)), "number": "C-1"},
            {"id": str(UUID(int=5)), "legal_entity": "CN01", "number": "C-1"},
        ],
    )
    def test_refuses_halves_and_both(self, value: object) -> None:
        assert faults(AccountRef, value) == [((), "invalid_value")]


class TestThingRef:
    def test_resolves_a_number_in_the_entity_known(self) -> None:
        named = ThingRef.model_validate({"number": "2026-1"})
        assert named.resolve(TENANT, "CN01", "invoice") == stream_id(
            TENANT, "CN01", "invoice", "2026-1"
        )

    @pytest.mark.parametrize("value", [{}, {"id": str(UUID(int=5)), "number": "C-1"}])
    def test_refuses_none_and_both(self, value: object) -> None:
        assert faults(ThingRef, value) == [((), "invalid_value")]
