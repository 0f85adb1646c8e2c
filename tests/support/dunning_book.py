"""A customer's items, as the ledger tells them to a running dunning, and its clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from services.dunning.contract import inbox
from shared.kernel.days import day_at
from shared.kernel.ids import derived
from shared.kernel.money import Money
from tests.support.dunning import ACCOUNT, opened, registered
from tests.support.dunning_running import Json, RunningDunning

ZONE: Final = ZoneInfo("Asia/Shanghai")
ENTITY: Final = UUID(int=30)
STEPS: Final = (1, 30, 60, 90)
DAY: Final = timedelta(days=1)


def local(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), ZONE)


class DunningBook:
    """One customer. Items are numbered from 1; a payment's number is its own."""

    def __init__(self, dunning: RunningDunning, account: UUID = ACCOUNT) -> None:
        self.dunning = dunning
        self._account = account
        self._items: dict[int, tuple[date, Money]] = {}
        self._allocated: dict[int, inbox.PaymentAllocated] = {}
        self._now: datetime | None = None  # Where the clock stands, once it was asked.

    async def open(self, *, grade: str | None = None, take_over_on: date | None = None) -> None:
        await self._hear(registered(take_over_on), ENTITY, account_id=ENTITY)
        await self._hear(replace(opened(), account_id=self._account), self._account)
        if grade is not None:
            changed = inbox.CreditFileGradeChanged(account_id=self._account, to_grade=grade)
            file = derived(self._account, "credit_file")
            await self._hear(changed, file, on=date(2025, 1, 31))

    async def issue(self, n: int, due_on: date, amount: str = "1000.00", of: str = "CNY") -> None:
        money = Money.of(amount, of)
        self._items[n] = due_on, money
        part = inbox.Installment(
            installment=1, open_item_id=item_id(n), amount=money, due_on=due_on
        )
        issued = inbox.InvoiceIssued(
            account_id=self._account, number=f"I-{n}", installments=(part,)
        )
        await self._hear(issued, invoice_id(n))

    async def reach(
        self, n: int, *steps: int, latest: int | None = None, reopened_on: date | None = None
    ) -> None:
        """Crossings as the ledger says them, each of the day it was reached."""
        due_on, money = self._items[n]
        kinds = {-3: inbox.InvoiceDueDateApproached, 1: inbox.InvoiceBecameOverdue}
        for step in steps:
            crossing = kinds.get(step, inbox.InvoiceDaysPastDueReached)(
                account_id=self._account,
                account_number="C-1001",
                number=f"I-{n}",
                installment=1,
                open_item_id=item_id(n),
                due_on=due_on,
                threshold_days=step,
                latest_threshold_days=steps[-1] if latest is None else latest,
                reopened_on=reopened_on,
                open_amount=money,
            )
            await self._hear(crossing, invoice_id(n), on=reopened_on or due_on + step * DAY)

    async def enter(self, n: int, due_on: date, amount: str = "1000.00", of: str = "CNY") -> None:
        """An invoice entered now, however old it is: the ledger says all its steps at once."""
        await self.issue(n, due_on, amount, of)
        days = ((await self.now()).astimezone(ZONE).date() - due_on).days
        await self.reach(n, *(step for step in STEPS if step <= days))

    async def pay(self, n: int, on: date | None = None) -> None:
        """Known now; on the day the ledger dates it."""
        _, money = self._items[n]
        nothing = Money.zero(money.currency)
        applied = inbox.InvoicePaymentApplied(open_item_id=item_id(n), open_amount=nothing)
        cured = inbox.InvoiceOverdueCured(
            account_id=self._account, open_item_id=item_id(n), open_amount=nothing
        )
        await self._hear(applied, invoice_id(n), on=on)
        await self._hear(cured, invoice_id(n), on=on)

    async def bounce(self, n: int, *steps: int) -> None:
        """Its payment is returned: it is open again, and reaches anew what it had reached."""
        _, money = self._items[n]
        back = inbox.InvoicePaymentUnapplied(open_item_id=item_id(n), open_amount=money)
        await self._hear(back, invoice_id(n))
        today = day_at(await self.now(), ZONE.key)
        await self.reach(n, *steps, reopened_on=today)

    async def receive(self, payment: int, amount: str, of: str = "CNY") -> None:
        """Money that is given to no invoice."""
        received = inbox.PaymentReceived(account_id=self._account, amount=Money.of(amount, of))
        await self._hear(received, UUID(int=5_000 + payment))

    async def allocate(self, payment: int, amount: str, value_on: date) -> None:
        """A whole payment is given to invoices, as promises see it."""
        money = Money.of(amount, "CNY")
        allocated = inbox.PaymentAllocated(
            account_id=ACCOUNT,
            value_on=value_on,
            unallocated_amount=Money.zero("CNY"),
            allocations=(inbox.Allocation(id=UUID(int=20_000 + payment), amount=money),),
        )
        self._allocated[payment] = allocated
        await self._hear(allocated, UUID(int=5_000 + payment))

    async def take_back(self, payment: int) -> None:
        """The payment is returned."""
        given = self._allocated[payment]
        reversed_ = inbox.PaymentReversed(
            account_id=ACCOUNT, value_on=given.value_on, allocations=given.allocations
        )
        await self._hear(reversed_, UUID(int=5_000 + payment))

    async def promise(
        self, number: str, amount: str, promised_on: date, made_on: date | None = None
    ) -> None:
        body: Json = {
            "account": {"id": str(ACCOUNT)},
            "number": number,
            "amount": {"amount": amount, "currency": "CNY"},
            "promised_on": promised_on.isoformat(),
        }
        if made_on is not None:
            body["made_on"] = made_on.isoformat()
        made = await self.dunning.post("/v1/promises", body, number)
        assert made.status_code == 201, made.text
        await self.dunning.settled()

    async def until(self, instant: datetime) -> None:
        """Settles now, at every instant at which something is due, and then."""
        await self.dunning.settled()
        while True:  # Every round moves the clock, up to the instant.
            due = (await self.dunning.get("/clock"))["next_timer_at"]
            stop = min(instant, datetime.fromisoformat(due)) if due else instant
            self._now = max(stop, await self.now())
            await self.dunning.move(self._now)
            if stop == instant:
                return

    async def now(self) -> datetime:
        if self._now is None:
            self._now = datetime.fromisoformat((await self.dunning.get("/clock"))["now"])
        return self._now

    async def notices(self) -> Sequence[tuple[str, str, int]]:
        """Day, template, and how many items it lists; in the order in which they were written."""
        found = await self.dunning.items("/v1/notices")
        return [(one["written_on"], one["template"], len(one["items"])) for one in found]

    async def promises(self, **query: str) -> Sequence[tuple[str, str, str | None]]:
        """Number, status, and what was received in time; by the promised day."""
        found = await self.dunning.items("/v1/promises", **query)
        return [
            (one["number"], one["status"], one["received"] and one["received"]["amount"])
            for one in found
        ]

    async def said_of_promises(self) -> Sequence[tuple[str, str]]:
        """The collection ledger's day and event of each."""
        found = await self.dunning.items("/v1/collection-ledger", kind="promise")
        return [(one["day"], one["event"]) for one in found]

    async def tasks(self) -> Sequence[tuple[str, str, str]]:
        found = await self.dunning.items("/v1/tasks")
        return [(one["opened_on"], one["kind"], one["status"]) for one in found]

    async def alerts(self) -> Sequence[tuple[str, str, int, str]]:
        """Day, what, threshold and invoice."""
        found = await self.dunning.items_until_empty("/v1/overdue-alerts")
        return [
            (a["effective_on"], a["event"], a["threshold_days"], a["invoice_number"]) for a in found
        ]

    async def ledger(self, kind: str, event: str) -> Sequence[Json]:
        """The details of these entries of the collection ledger, each with its day."""
        found = await self.dunning.items("/v1/collection-ledger", kind=kind)
        return [{**e["details"], "day": e["day"]} for e in found if e["event"] == event]

    async def _hear(
        self, event: Any, stream: UUID, *, on: date | None = None, account_id: UUID | None = None
    ) -> None:
        now = await self.now()
        day = on or day_at(now, ZONE.key)
        await self.dunning.hear(
            event, day, now, stream=stream, account_id=account_id or self._account
        )


def item_id(n: int) -> UUID:
    return UUID(int=10_000 + n)


def invoice_id(n: int) -> UUID:
    return UUID(int=100_000 + n)
