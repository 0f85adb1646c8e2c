"""A notice that is not true is named: what it lists, adds up, and when it says it was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from services.dunning.contract import inbox
from services.dunning.notices.domain.notice.events import NoticeQueued
from services.dunning.work.projections.true_notices import CHECK
from shared.kernel.envelope import Recorded
from tests.support.cases import STARTED
from tests.support.dunning import (
    INVOICE,
    ITEM_A,
    ITEM_B,
    after,
    applied,
    at,
    issued,
    listed,
    recorded,
    yuan,
)
from tests.support.dunning_samples import QUEUED

WHEN: Final = at(after(1), 2)  # 10:00 in Shanghai.
HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)
REVIEW, NOTICE = UUID(int=801), UUID(int=802)
ONE: Final = replace(QUEUED, items=(listed(),), open_amount=yuan(235_000), demanded=yuan(235_000))


def said(event: Any, when: datetime, **more: Any) -> Recorded[Any]:
    return recorded(event, after(1))._replace(recorded_at=when, **more)


def written(
    notice: NoticeQueued = ONE,
    *,
    id: UUID = NOTICE,
    review: UUID = REVIEW,
    when: datetime = WHEN,
) -> Sequence[Recorded[Any]]:
    """A review, and a minute later the notice it wrote."""
    return [
        said(STARTED, when, id=review),
        said(notice, when + MINUTE, stream_id=id, causation_id=review),
    ]


def wrong(*events: Recorded[Any]) -> list[tuple[str, str, str]]:
    """Column, what the notice says, what is so. What dunning said comes first."""
    check = CHECK()
    ledger = [one for one in events if type(one.event).__module__ == inbox.__name__]
    for one in [*(one for one in events if one not in ledger), *ledger]:
        check.take(one)
    return [(one.column, one.stored, one.expected) for one in check.differences()]


OWED: Final = said(issued(), WHEN - 30 * HOUR, stream_id=INVOICE)


class TestTrueNotices:
    def test_find_nothing_wrong_with_a_true_one(self) -> None:
        assert wrong(*written(), OWED) == []

    def test_take_what_was_known_not_what_is(self) -> None:
        later = said(applied(ITEM_A, 0), WHEN + HOUR)

        assert wrong(*written(), OWED, later) == []

    @pytest.mark.parametrize("minutes", [0, 1])
    def test_take_a_payment_during_the_review_either_way(self, minutes: int) -> None:
        meanwhile = said(applied(ITEM_A, 100_000), WHEN + minutes * MINUTE)
        less = replace(
            ONE, items=(listed(minor=100_000),), open_amount=yuan(100_000), demanded=yuan(100_000)
        )

        assert wrong(*written(), OWED, meanwhile) == []
        assert wrong(*written(less), OWED, meanwhile) == []

    def test_check_the_letter_with_the_e_mail_whose_place_it_takes(self) -> None:
        letter = said(
            replace(ONE, channel="letter", instead_of=NOTICE, written_on=after(2)),
            WHEN + 24 * HOUR,
        )
        paid_meanwhile = said(applied(ITEM_A, 0), WHEN + 3 * HOUR)

        assert wrong(*written(), letter, OWED, paid_meanwhile) == []


class TestUntrue:
    def test_an_item_that_was_paid_is_named(self) -> None:
        gone = said(applied(ITEM_A, 0), WHEN - HOUR)

        found = ("2026-0131/1", "Money(2350.00 CNY)", "Money(0.00 CNY)")
        assert wrong(*written(), OWED, gone) == [found]

    def test_a_line_of_nothing_is_named(self) -> None:
        nothing = replace(ONE, items=(listed(minor=0),), open_amount=yuan(0), demanded=yuan(0))
        gone = said(applied(ITEM_A, 0), WHEN - HOUR)

        found = ("2026-0131/1", "Money(0.00 CNY)", "Money(0.00 CNY)")
        assert wrong(*written(nothing), OWED, gone) == [found]

    def test_an_amount_that_was_paid_in_part_is_named(self) -> None:
        less = said(applied(ITEM_A, 100_000), WHEN - HOUR)

        found = ("2026-0131/1", "Money(2350.00 CNY)", "Money(1000.00 CNY)")
        assert wrong(*written(), OWED, less) == [found]

    def test_a_canceled_invoice_is_named(self) -> None:
        canceled = said(inbox.InvoiceCanceled(installments=issued().installments), WHEN - HOUR)

        assert wrong(*written(), OWED, canceled)[0][2] == "Money(0.00 CNY)"

    def test_an_item_nobody_ever_owed_is_named(self) -> None:
        assert wrong(*written())[0][2] == "no such item"

    def test_an_item_entered_only_later_is_named(self) -> None:
        later = said(issued(), WHEN + HOUR, stream_id=INVOICE)

        assert wrong(*written(), later)[0][2] == "no such item"

    def test_one_item_of_several_is_named(self) -> None:
        two = replace(
            ONE, items=(listed(), listed(ITEM_B)), open_amount=yuan(470_000), demanded=yuan(470_000)
        )
        other = said(issued(ITEM_B), WHEN - 30 * HOUR)
        gone = said(applied(ITEM_B, 0), WHEN - HOUR)

        assert [column for column, _, _ in wrong(*written(two), OWED, other, gone)] == [
            "2026-0132/1"
        ]

    def test_a_sum_that_is_not_that_of_its_lines_is_named(self) -> None:
        wide = replace(ONE, open_amount=yuan(500_000))

        found = ("open_amount", "Money(5000.00 CNY)", "Money(2350.00 CNY)")
        assert wrong(*written(wide), OWED) == [found]

    def test_more_than_is_owed_is_named(self) -> None:
        greedy = replace(ONE, demanded=yuan(235_001))

        assert wrong(*written(greedy), OWED)[0][0] == "demanded"

    def test_another_day_than_it_was_written_on_is_named(self) -> None:
        dated_back = replace(ONE, written_on=after(0))

        assert wrong(*written(dated_back), OWED) == [
            ("written_on", after(0).isoformat(), after(1).isoformat())
        ]

    def test_a_second_notice_of_a_day_is_named(self) -> None:
        again = written(id=UUID(int=804), review=UUID(int=803), when=WHEN + 4 * HOUR)

        assert wrong(*written(), *again, OWED) == [
            ("written_on", f"another on {after(1)}", "one notice a day")
        ]

    def test_the_parts_of_one_notice_are_one(self) -> None:
        first = replace(ONE, parts=2, open_amount=yuan(470_000), demanded=yuan(470_000))
        second = replace(first, part=2, items=(listed(ITEM_B),))
        other = said(issued(ITEM_B), WHEN - 30 * HOUR)
        parts = [*written(first), *written(second, id=UUID(int=805))[1:]]

        assert wrong(*parts, OWED, other) == []
