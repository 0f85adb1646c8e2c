"""What dunning must do to the customers of the IBM ledger, computed without the project.

Standard library only. A review of a customer is made at 08:00 of a day D, after that day's payments
were entered, when an item reached a threshold on D or when what waits is looked at again:

- what is paid by then is not owed; "will be due soon" is not said once the due date has come;
- of the thresholds that wait the highest acts, for all items it concerns: all that are overdue, or
  before the due date all that will be due within three days; the lower ones are passed over;
- below MINIMUM nothing is demanded;
- while a promise of at least what is owed is open, the step waits until the day after it;
- a notice waits until seven days after the last one, unless its step is higher: then until the
  next day. Its tasks wait with it;
- the plan is that of the grade before the night of D, and a deed is dated D.

The clock ends at the beginning of LAST_DAY: its reviews are not made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.journeys.ibm_oracle import (
    FIRST_DAY,
    LAST_DAY,
    THRESHOLDS,
    UNRATED,
    Invoice,
    Review,
    by_account,
    grade_before,
    histories_of,
    minor_of,
)

MINIMUM = 100
DAYS_BETWEEN = 7
DAY = timedelta(days=1)

PLAN: dict[int, tuple[tuple[str, ...], ...]] = {  # 优质 | 良好 | 一般, 未评级 | 较差
    -3: (("email",), ("email",), ("email",), ("email",)),
    1: ((), ("email",), ("email",), ("email", "phone_task")),
    30: (("phone_task",), ("phone_task",), ("letter", "phone_task"), ("letter", "phone_task")),
    60: (("letter",), ("letter",), ("final_notice",), ("final_notice",)),
    90: (("final_notice",), ("final_notice",), ("legal_task",), ("legal_task",)),
}
PLAN_COLUMNS = {"优质": 0, "良好": 1, "一般": 2, UNRATED: 2, "较差": 3}


@dataclass(frozen=True)
class Promise:
    """Of all that one item owes, until the day on which it is paid."""

    item: Invoice
    made_on: date

    def covers(self, account: str, owed: int, day: date) -> bool:
        is_open = self.made_on <= day < self.item.settled_on
        return is_open and self.item.account == account and self.item.amount_minor >= owed


@dataclass(frozen=True)
class Action:
    account: str
    done_on: date
    step: int
    kind: str
    grade: str
    invoices: tuple[str, ...]
    demanded_minor: int

    @property
    def is_notice(self) -> bool:
        return not self.kind.endswith("_task")


@dataclass
class Desk:
    """One customer: what waits, and what was sent last."""

    account: str
    items: Sequence[Invoice]
    history: Sequence[Review]
    promise: Promise | None
    waiting: list[tuple[Invoice, int]] = field(default_factory=list)
    look_on: date | None = None
    last: tuple[date, int] | None = None  # Day and step of the last notice.

    def live(self) -> Iterator[Action]:
        reached: dict[date, list[tuple[Invoice, int]]] = defaultdict(list)
        for item in self.items:
            for step in THRESHOLDS:
                day = item.due_on + step * DAY
                if day <= item.settled_on:
                    reached[day].append((item, step))
        day = FIRST_DAY
        while day < LAST_DAY:
            self.waiting += reached.get(day, [])
            if day in reached or day == self.look_on:
                yield from self.review(day)
            day += DAY

    def review(self, day: date) -> Iterator[Action]:
        waiting, self.waiting, self.look_on = self.waiting, [], None
        waiting = [
            (item, step)
            for item, step in waiting
            if item.settled_on > day and (step > 0 or item.due_on > day)
        ]
        if not waiting:
            return
        step = max(step for _, step in waiting)
        acting = [one for one in waiting if one[1] == step]
        concerned = self.concerned(step, day)
        owed = minor_of(concerned)
        if owed < MINIMUM:
            return
        if self.promise is not None and self.promise.covers(self.account, owed, day):
            self.waiting, self.look_on = acting, self.promise.item.settled_on + DAY
            return
        grade = grade_before(self.history, day)
        kinds = PLAN[step][PLAN_COLUMNS[grade]]
        is_sent = any(not kind.endswith("_task") for kind in kinds)
        if is_sent and (soonest := self.soonest(step)) is not None and soonest > day:
            self.waiting, self.look_on = acting, soonest
            return
        if is_sent:
            self.last = day, step
        numbers = tuple(sorted(item.number for item in concerned))
        for kind in kinds:
            yield Action(self.account, day, step, kind, grade, numbers, owed)

    def concerned(self, step: int, day: date) -> Sequence[Invoice]:
        still_open = [item for item in self.items if item.is_open(day)]
        if step > 0:
            return [item for item in still_open if item.due_on < day]
        return [item for item in still_open if day < item.due_on <= day + 3 * DAY]

    def soonest(self, step: int) -> date | None:
        if self.last is None:
            return None
        day, last = self.last
        return day + (1 if step > last else DAYS_BETWEEN) * DAY


def actions(
    invoices: Iterable[Invoice], rows: Iterable[Review], promise: Promise | None = None
) -> list[Action]:
    """Notices and tasks, customer by customer."""
    histories = histories_of(rows)
    return [
        action
        for account, items in by_account(invoices).items()
        for action in Desk(account, items, histories[account], promise).live()
    ]
