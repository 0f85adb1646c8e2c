"""What is done today for a customer in one currency: at most one step; the rest is passed over.

Every rule of what Duebook does to people stands here, once. Facts come in as they are known when
the review is made; nothing that is settled by then, promised, or covered by money on account is
demanded, and of several steps that come together only the most severe one acts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

from services.dunning.accounts.domain.listed_item import ListedItem
from services.dunning.strategies.domain.dunning_plan import (
    ALLOCATE_MONEY,
    EMAIL,
    PAYMENT_RETURNED,
    PHONE,
    AskSomebody,
    SendNotice,
    actions,
)
from shared.kernel.money import Money, total

NOTICE_INTERVAL_DAYS: Final = 7  # days between two notices that are not more severe
DAY: Final = timedelta(days=1)

Unallocated = Literal["net", "block", "show"]
"""What money on account does to a notice: is deducted, keeps everything back, is only named."""


class Why(StrEnum):
    """Why a step that was reached did nothing of its own."""

    SETTLED = "settled"  # Nothing is open of the item any more, or it is not overdue.
    BEFORE_TAKE_OVER = "before_take_over"  # It is history of the book that was taken over.
    MORE_SEVERE = "more_severe_step"  # It came together with one.
    TOO_LATE = "due_date_passed"  # "Will be due soon" is never said after the due date.
    UNDER_MINIMUM = "under_minimum"  # What is owed is less than a notice is written for.
    MONEY_ON_ACCOUNT = "money_on_account"  # The customer's unallocated money covers it.


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachedStep:
    """A threshold an item has reached, about which nothing is done yet."""

    crossing_id: UUID  # Of the ledger's event: reached anew it is another step.
    open_item_id: UUID
    step: int  # Threshold, days past due; negative: ahead.
    reached_on: date
    is_returned: bool = False  # The payment that had settled the item was returned.


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedItem:
    """An open item when the review is made, and how far the ledger has said it is."""

    item: ListedItem
    latest_step: int | None  # The highest threshold it has reached; None: not even the first.

    def is_overdue(self) -> bool:
        return self.latest_step is not None and self.latest_step > 0

    def is_due_soon(self, today: date) -> bool:
        """The ledger has said so, and its due date is still ahead."""
        return self.latest_step is not None and self.latest_step < 0 and self.item.due_on > today


@dataclass(frozen=True, slots=True, kw_only=True)
class LastNotice:
    """The latest notice to the customer in this currency."""

    on: date
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFacts:
    """All that is seen of a customer in one currency when the review is made."""

    today: date
    grade: str
    reached: Sequence[ReachedStep]  # About which nothing is done yet.
    items: Sequence[OwedItem]  # Open ones, of this currency.
    unallocated: Money  # Received and not allocated.
    promised: Money  # What has not come yet of promises whose day has not passed.
    promised_until: date | None  # The first of these days: after it less may be promised.
    minimum: Money  # Below it no notice is written.
    last_notice: LastNotice | None
    money_on_account: Unallocated = "net"
    interval_days: int = NOTICE_INTERVAL_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedStep:
    """A step that was reached and does nothing, with the reason."""

    crossing_id: UUID
    open_item_id: UUID
    step: int
    reason: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """What a review came to. Without a step nothing is done; what waits is looked at again."""

    step: int | None = None
    notices: Sequence[SendNotice] = ()
    tasks: Sequence[AskSomebody] = ()
    acted: Sequence[ReachedStep] = ()  # About which it is done.
    items: Sequence[ListedItem] = ()  # What notices and tasks list, oldest first.
    demanded: Money | None = None  # Their sum less money on account.
    passed: Sequence[PassedStep] = ()
    waits_until: date | None = None  # The day on which what still waits is looked at again.


def review(facts: ReviewFacts) -> Reviewed:
    """What is done today, by the plan and these facts."""
    owed = {one.item.open_item_id: one for one in facts.items}
    passed: list[PassedStep] = []
    waiting: list[ReachedStep] = []
    for one in facts.reached:
        why = _moot(one, owed.get(one.open_item_id), facts.today)
        if why is None:
            waiting.append(one)
        else:
            passed.append(_passed(one, why))
    if not waiting:
        return Reviewed(passed=passed)
    step = max(one.step for one in waiting)
    acting = [one for one in waiting if one.step == step]
    passed += [_passed(one, Why.MORE_SEVERE) for one in waiting if one.step < step]
    done = _act(facts, acting, is_returned=any(one.is_returned for one in waiting))
    return replace(done, passed=[*passed, *done.passed])


def _moot(one: ReachedStep, owed: OwedItem | None, today: date) -> Why | None:
    """Why nothing can follow from the step any more, whatever else is true."""
    if owed is None or (one.step > 0 and not owed.is_overdue()):
        return Why.SETTLED
    return Why.TOO_LATE if one.step < 0 and not owed.is_due_soon(today) else None


def listed(owed: Iterable[OwedItem], step: int, today: date) -> Sequence[ListedItem]:
    """The items a step concerns: all that are overdue; before the due date those soon to be due."""
    found = [
        each.item for each in owed if (each.is_overdue() if step > 0 else each.is_due_soon(today))
    ]
    return sorted(found, key=lambda item: (item.due_on, item.invoice_number, item.installment))


def _act(facts: ReviewFacts, acting: Sequence[ReachedStep], *, is_returned: bool) -> Reviewed:
    """One step, now or later: nothing is sent for money that is not owed, nor too often."""
    step, on_account = acting[0].step, facts.unallocated
    items = listed(facts.items, step, facts.today)
    owed = total((item.open_amount for item in items), facts.minimum.currency)
    demanded = owed - on_account if facts.money_on_account == "net" else owed
    is_blocked = facts.money_on_account == "block" and on_account.minor > 0
    if is_blocked or demanded.minor <= 0 or demanded < facts.minimum:
        if on_account.minor <= 0:
            return Reviewed(passed=[_passed(one, Why.UNDER_MINIMUM) for one in acting])
        return Reviewed(
            tasks=(AskSomebody(ALLOCATE_MONEY),) if step > 0 else (),
            items=items,
            passed=[_passed(one, Why.MONEY_ON_ACCOUNT) for one in acting],
        )
    is_promised = facts.promised >= demanded and not is_returned  # That one is told nevertheless.
    if is_promised and facts.promised_until is not None:
        return Reviewed(waits_until=facts.promised_until + DAY)
    notices, tasks = _of_plan(facts.grade, acting, is_returned=is_returned)
    is_urgent = is_returned or (facts.last_notice is not None and step > facts.last_notice.step)
    if notices and (day := _not_before(facts, is_urgent=is_urgent)) > facts.today:
        return Reviewed(waits_until=day)
    return Reviewed(
        step=step, acted=acting, notices=notices, tasks=tasks, items=items, demanded=demanded
    )


def _of_plan(
    grade: str, acting: Sequence[ReachedStep], *, is_returned: bool
) -> tuple[Sequence[SendNotice], Sequence[AskSomebody]]:
    """What the plan says at the step. A returned payment is told instead, and asked about."""
    is_new = any(not one.is_returned for one in acting)
    planned = actions(grade, acting[0].step) if is_new else ()
    notices = [each for each in planned if isinstance(each, SendNotice)]
    tasks = [each for each in planned if isinstance(each, AskSomebody)]
    if not is_returned:
        return notices, tasks
    notice = [SendNotice(EMAIL, PAYMENT_RETURNED)]
    if acting[0].step < 0 or AskSomebody(PHONE) in tasks:
        return notice, tasks  # Before anything is overdue nobody has to call.
    return notice, [*tasks, AskSomebody(PHONE)]


def _not_before(facts: ReviewFacts, *, is_urgent: bool) -> date:
    """The first day on which another notice may be written: never two on one day."""
    if facts.last_notice is None:
        return facts.today
    days = 1 if is_urgent else facts.interval_days
    return facts.last_notice.on + timedelta(days=days)


def _passed(one: ReachedStep, why: Why) -> PassedStep:
    return PassedStep(
        crossing_id=one.crossing_id, open_item_id=one.open_item_id, step=one.step, reason=why
    )
