"""What Duebook must do to one customer in one currency in a year: its rules, said a second time.

Written from the rules as they are said (services/dunning/README.md), not from the code: one loop
over the hours at which something may happen, dicts, whole minor units. It knows of a year what
`random_year` makes happen, and gives deeds as short texts, each with its day.

What it does not say, and other tests do: when in an hour something happens (the clock stands still
while people enter things; a review follows a quarter of an hour later, or at eight in the morning);
how a customer is graded (what credit says is given, and credit is never away); what a notice looks
like; the book of a former system; notices that fail or leave late, since ledger's routes answer
while its workers are away; promises whose payment bounces, or that are kept after an outage; more
steps than one review takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final, NamedTuple

from tests.support.random_year import HOURS, Fact, Moment, Year

DAY: Final = timedelta(days=1)
STEPS: Final = (-3, 1, 30, 60, 90)
LINES: Final = 200  # of one notice
NO_ADDRESS: Final = "undeliverable, no_address"
WORK_ENDS: Final = 20  # o'clock
GRADES: Final = ("优质", "良好", "一般", "未评级", "较差")
# By step and grade. Of two words: a notice, and how it is sent; of one: what a person is asked.
PLAN: Final[Mapping[int, Sequence[Sequence[str]]]] = {
    -3: [["email pre_due"]] * 5,
    1: [[], *[["email reminder"]] * 3, ["email reminder", "phone"]],
    30: [*[["phone"]] * 2, *[["letter dunning_letter", "phone"]] * 3],
    60: [*[["letter dunning_letter"]] * 2, *[["letter final_notice"]] * 3],
    90: [*[["letter final_notice"]] * 2, *[["legal_decision"]] * 3],
}


class Deed(NamedTuple):
    customer: str
    currency: str
    day: date
    what: str


def deeds(year: Year, grades: Mapping[str, Sequence[tuple[date, str]]]) -> Sequence[Deed]:
    """All that is done in the year; `grades` are what credit says of each customer, and since."""
    names = {(fact.customer, currency) for fact in year.facts for currency in fact.currencies}
    found: list[Deed] = []
    for customer, currency in sorted(names):
        of_customer = _OfCustomer(year, customer, currency, sorted(grades.get(customer, ())))
        of_customer.live()
        found += of_customer.deeds
    return found


class _OfCustomer:
    """One customer in one currency."""

    def __init__(
        self, year: Year, customer: str, currency: str, grades: Sequence[tuple[date, str]]
    ) -> None:
        self.year, self.name, self.grades = year, (customer, currency), grades
        self.facts: dict[Moment, list[Fact]] = {}
        for fact in year.facts:
            if fact.customer == customer and currency in fact.currencies:
                self.facts.setdefault(fact.at, []).append(fact)
        self.minimum = year.minimum if currency == "CNY" else {"JPY": 1}.get(currency, 100)
        self.items: dict[str, dict[str, Any]] = {}  # By invoice.
        self.rests: dict[str, int] = {}  # Money on account, by payment.
        self.promises: list[dict[str, Any]] = []
        self.email, self.postal, self.is_address_new = "", "", False
        self.news: list[tuple[str, int | None, bool]] = []  # What dunning has not heard.
        self.alerts: dict[str, list[int]] = {}
        self.case: set[str] = set()  # What is overdue.
        self.waiting: list[dict[str, Any]] = []  # Steps about which nothing is done yet.
        self.look: Moment | None = None  # When they are reviewed.
        self.last: tuple[date, int] | None = None  # Day and step of the last notice.
        self.tasks: list[tuple[date, str]] = []  # Open ones.
        self.deeds: list[Deed] = []

    def live(self) -> None:
        for day, hour in _moments(self.year):
            is_ledger_there = not self.year.is_away("ledger", (day, hour))
            is_dunning_there = not self.year.is_away("dunning", (day, hour))
            rounds = groupby(self.facts.get((day, hour), ()), lambda fact: fact.what)
            for what, alike in [("", ()), *((what, list(facts)) for what, facts in rounds)]:
                for fact in alike:
                    getattr(self, f"enter_{what}")(fact)
                if is_ledger_there:
                    self.cross(day)
                if is_dunning_there:
                    self.hear(day, hour)
            is_due = self.look is not None and self.look <= (day, hour) and hour < WORK_ENDS
            if is_due and is_dunning_there:
                self.review(day)

    def do(self, day: date, what: str) -> None:
        self.deeds.append(Deed(*self.name, day, what))

    # What people enter.

    def enter_address(self, fact: Fact) -> None:
        self.email, self.postal, self.is_address_new = fact.email, fact.postal, True

    def enter_invoice(self, fact: Fact) -> None:
        item = {"due": fact.due_on, "since": fact.on, "entered": fact.at[0], "open": fact.minor}
        self.items[fact.number] = {**item, "said": [], "returned": False}

    def enter_cancellation(self, fact: Fact) -> None:
        self.pay(fact.number, self.items[fact.number]["open"])

    def enter_payment(self, fact: Fact) -> None:
        self.rests[fact.number] = fact.minor
        self.enter_allocation(fact)

    def enter_allocation(self, fact: Fact) -> None:
        cash = 0
        for number, minor in fact.shares:
            self.pay(number, minor)
            self.rests[fact.number] -= minor
            cash += minor
        for promise in sorted(self.promises, key=lambda one: one["by"]):
            if fact.on <= promise["by"]:
                taken = min(cash, promise["left"])
                promise["left"], cash = promise["left"] - taken, cash - taken

    def pay(self, number: str, minor: int) -> None:
        item = self.items[number]
        item["open"] -= minor
        if not item["open"] and any(step > 0 for step in item["said"]):
            self.news.append((number, None, False))

    def enter_return(self, fact: Fact) -> None:
        """What was paid in full is open anew, and reaches anew what it has reached."""
        self.rests[fact.number] = 0
        for number, minor in fact.shares:
            item = self.items[number]
            if not item["open"]:
                item.update(since=fact.on, entered=fact.at[0], said=[], returned=True)
            item["open"] += minor

    def enter_promise(self, fact: Fact) -> None:
        self.promises.append({"left": fact.minor, "by": fact.due_on})

    def enter_done(self, fact: Fact) -> None:
        """A person does the first task there is."""
        if self.tasks:
            _, kind = self.tasks.pop(self.tasks.index(min(self.tasks)))
            self.do(fact.at[0], f"task {kind} completed")

    # What ledger says of it, and dunning hears.

    def cross(self, day: date) -> None:
        """A return is told at the first step reached after it."""
        for number, item in self.items.items():
            for step in STEPS if item["open"] else ():
                is_ahead = step > 0 or item["due"] > item["entered"]
                is_reached = max(item["due"] + step * DAY, item["since"]) <= day
                if step not in item["said"] and is_ahead and is_reached:
                    self.news.append((number, step, item["returned"]))
                    item["said"].append(step)
            if item["said"]:
                item["returned"] = False

    def hear(self, day: date, hour: int) -> None:
        """Of steps that come together only the last is anything; of what is settled, nothing.

        When nothing is overdue then, people need not do what they are asked.
        """
        self.stop_asking(day)
        news, self.news = self.news, []
        for number, step, is_returned in news:
            item = self.items[number]
            if step is None:
                self.cure(day, number)
            elif item["open"]:
                if step > 0 and not self.case:
                    self.do(day, "case opened")
                if step > 0:
                    self.case.add(number)
                if step < max(item["said"], default=step):
                    continue
                if step > 0:
                    self.alerts.setdefault(number, []).append(step)
                    self.do(day, f"alert {step} of {number} raised")
                self.waiting.append({"step": step, "of": number, "returned": is_returned})
                soon = (day, hour) if hour < WORK_ENDS else (day + DAY, 0)
                self.look = min(self.look or soon, soon)
        if news and not self.case:
            for _, kind in self.tasks:
                self.do(day, f"task {kind} withdrawn")
            self.tasks = []

    def stop_asking(self, day: date) -> None:
        """For an address, when one was entered."""
        asked = [task for task in self.tasks if task[1] == "ask_for_address"]
        for task in asked if self.is_address_new else ():
            self.tasks.remove(task)
            self.do(day, "task ask_for_address withdrawn")
        self.is_address_new = False

    def cure(self, day: date, number: str) -> None:
        """The case ends with its last item."""
        for step in self.alerts.pop(number, ()):
            self.do(day, f"alert {step} of {number} recovered")
        if self.case == {number}:
            self.do(day, "case closed")
        self.case.discard(number)

    # What is done about it.

    def review(self, day: date) -> None:
        """The most severe step that waits acts, or waits on; the others are passed over."""
        self.look = None
        waiting = [one for one in self.waiting if self.is_concerned(one["of"], one["step"], day)]
        step = max((one["step"] for one in waiting), default=0)
        is_returned = any(one["returned"] for one in waiting)
        self.waiting = [one for one in waiting if one["step"] == step]
        if not waiting:
            return
        items = sorted(
            (item["due"], number, item["open"])
            for number, item in self.items.items()
            if self.is_concerned(number, step, day)
        )
        on_account = sum(self.rests.values())
        demanded = sum(minor for _, _, minor in items) - on_account
        planned = self.planned(step, day, is_returned=is_returned)
        if demanded <= 0 or demanded < self.minimum:
            planned = ["allocate_money"] if on_account and step > 0 else []
        elif (waits_until := self.waits_until(day, step, planned, demanded, is_returned)) > day:
            self.look = (waits_until, 0)
            return
        self.waiting = []
        for what in planned:
            if " " in what:
                self.last = (day, step)
                self.write(day, step, what, items, demanded)
            else:
                self.ask(day, what)

    def is_concerned(self, number: str, step: int, day: date) -> bool:
        """Whether it is owed, and overdue, or soon to be due where the step is before that."""
        item = self.items[number]
        if not item["open"] or not item["said"]:
            return False
        is_overdue = max(item["said"]) > 0
        return is_overdue if step > 0 else not is_overdue and item["due"] > day

    def planned(self, step: int, day: date, *, is_returned: bool) -> Sequence[str]:
        """By the grade of the day before yesterday. A return is told instead, and asked about."""
        known = [grade for on, grade in self.grades if on < day - DAY]
        planned = PLAN[step][GRADES.index(known[-1] if known else "未评级")]
        if all(one["returned"] for one in self.waiting):
            planned = []
        if not is_returned:
            return planned
        tasks = {what for what in planned if " " not in what} | ({"phone"} if step > 0 else set())
        return ["email payment_returned", *sorted(tasks)]

    def waits_until(
        self, day: date, step: int, planned: Sequence[str], demanded: int, is_returned: bool
    ) -> date:
        """For what is promised; for a week, or a day where it is more severe or returned."""
        promises = [one for one in self.promises if one["left"] and one["by"] >= day]
        if promises and not is_returned and sum(one["left"] for one in promises) >= demanded:
            return min(one["by"] for one in promises) + DAY  # type: ignore[no-any-return] # plain dicts
        if self.last is None or not any(" " in what for what in planned):
            return day
        last_on, last_step = self.last
        return last_on + DAY * (1 if is_returned or step > last_step else 7)

    def write(self, day: date, step: int, what: str, items: Sequence[Any], demanded: int) -> None:
        """As many notices as the lines need; on paper where no e-mail arrives."""
        channel, template = what.split()
        parts = [items[at : at + LINES] for at in range(0, len(items), LINES)]
        no_email = "" if self.email.isascii() else "undeliverable, address_not_usable"
        no_email = no_email if self.email else NO_ADDRESS
        for n, part in enumerate(parts, start=1):
            lines = ", ".join(f"{number} {minor}" for _, number, minor in part)
            said = f"{template} of step {step}, part {n} of {len(parts)}, {demanded}: {lines}"
            if channel == "email":
                self.do(day, f"email {said}: {no_email or 'accepted'}")
            if channel == "letter" or (no_email and self.postal):
                self.do(day, f"letter {said}: {'accepted' if self.postal else NO_ADDRESS}")
        is_lost = not self.postal and (channel == "letter" or no_email)
        if is_lost and step > 0 and all(kind != "ask_for_address" for _, kind in self.tasks):
            self.ask(day, "ask_for_address")

    def ask(self, day: date, kind: str) -> None:
        self.tasks.append((day, kind))
        self.do(day, f"task {kind} opened")


def _moments(year: Year) -> Iterator[Moment]:
    for n in range((year.last - year.first).days + 1):
        for hour in HOURS:
            yield year.first + n * DAY, hour
