"""Was every notice true when it was written? Judged from the events alone, by `verify`.

What was known then: the item as it stood between the start of the review that wrote the notice and
the moment it was recorded, by the ledger's own recording.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from services.dunning.accounts.domain.listed_item import ListedItem
from services.dunning.contract.inbox import (
    InvoiceCanceled,
    InvoiceIssued,
    InvoicePaymentApplied,
    InvoicePaymentUnapplied,
)
from services.dunning.notices.domain.notice.events import NoticeQueued
from services.dunning.work.domain.case.events import CaseReviewStarted
from shared.kernel.days import day_at
from shared.kernel.envelope import Recorded
from shared.kernel.money import Money, total
from shared.platform.projector.port import Difference


@dataclass(frozen=True, slots=True)
class _Written:
    """A notice, and the moments between which its facts were looked at."""

    id: UUID
    review_id: UUID | None
    notice: NoticeQueued
    since: datetime
    until: datetime


class TrueNotices:
    """Checks every notice against what was owed, and that a customer got one on a day.

    A letter in the place of an e-mail says what the e-mail said, and is checked with it.
    """

    subscribes_to: Final = ("dunning", "ledger")  # What was said, then what was so.

    def __init__(self) -> None:
        self._reviews: dict[UUID, datetime] = {}
        self._written: list[_Written] = []
        self._open: dict[UUID, list[tuple[datetime, Money]]] = {}  # Of items on notices.

    def take(self, recorded: Recorded[Any]) -> None:
        match recorded.event:
            case CaseReviewStarted():
                self._reviews[recorded.id] = recorded.recorded_at
            case NoticeQueued(instead_of=None) as notice:
                self._take_notice(recorded, notice)
            case InvoiceIssued(installments=items):
                for each in items:
                    self._note(recorded, each.open_item_id, each.amount)
            case InvoiceCanceled(installments=items):
                for each in items:
                    self._note(recorded, each.open_item_id, Money.zero(each.amount.currency))
            case InvoicePaymentApplied() | InvoicePaymentUnapplied() as event:
                self._note(recorded, event.open_item_id, event.open_amount)
            case _:
                pass  # Says nothing of what is owed or was demanded.

    def differences(self) -> Iterator[Difference]:
        of_day: dict[tuple[UUID, str, date], UUID | None] = {}  # The review that wrote one.
        for one in self._written:
            notice = one.notice
            yield from self._wrong_lines(one)
            yield from _wrong_sums(one)
            day = day_at(one.until, notice.time_zone)
            if day != notice.written_on:
                yield _differs(one.id, "written_on", notice.written_on, day)
            customer = (notice.account_id, notice.currency, day)
            if of_day.setdefault(customer, one.review_id) != one.review_id:
                yield _differs(one.id, "written_on", f"another on {day}", "one notice a day")

    def _take_notice(self, recorded: Recorded[Any], notice: NoticeQueued) -> None:
        review, until = recorded.causation_id, recorded.recorded_at
        since = until if review is None else self._reviews.get(review, until)
        self._written.append(_Written(recorded.stream_id, review, notice, since, until))
        for item in notice.items:
            self._open.setdefault(item.open_item_id, [])

    def _note(self, recorded: Recorded[Any], open_item_id: UUID, amount: Money) -> None:
        if (history := self._open.get(open_item_id)) is not None:
            history.append((recorded.recorded_at, amount))

    def _wrong_lines(self, one: _Written) -> Iterator[Difference]:
        for item in one.notice.items:
            known = _known(self._open[item.open_item_id], one.since, one.until)
            owed = [amount for amount in known if amount.minor > 0]
            if item.open_amount not in owed:
                name = f"{item.invoice_number}/{item.installment}"
                latest = str(known[-1]) if known else "no such item"
                yield _differs(one.id, name, item.open_amount, latest)


def _known(
    history: Sequence[tuple[datetime, Money]], since: datetime, until: datetime
) -> Sequence[Money]:
    """What was open of an item at any moment from `since` to `until`, as it was recorded."""
    before = [amount for at, amount in history if at < since]
    return [*before[-1:], *(amount for at, amount in history if since <= at <= until)]


def _wrong_sums(one: _Written) -> Iterable[Difference]:
    """What is asked for is no more than what is owed, and a single part lists the whole."""
    notice = one.notice
    if notice.demanded > notice.open_amount:
        yield _differs(one.id, "demanded", notice.demanded, f"at most {notice.open_amount}")
    listed = _listed(notice.items, notice.currency)
    if notice.parts == 1 and listed != notice.open_amount:
        yield _differs(one.id, "open_amount", notice.open_amount, listed)


def _listed(items: Iterable[ListedItem], currency: str) -> Money:
    return total((item.open_amount for item in items), currency)


def _differs(notice: UUID, column: str, stored: object, expected: object) -> Difference:
    return Difference("notice", str(notice), column, str(stored), str(expected))


CHECK: Final = TrueNotices
