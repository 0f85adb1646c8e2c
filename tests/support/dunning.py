"""Has one account with two items due on one day, as dunning reads and says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from services.dunning.accounts.domain.listed_item import ListedItem
from services.dunning.contract import inbox
from services.dunning.runtime.wiring import AREAS
from shared.kernel.decider import Book
from shared.kernel.envelope import Recorded
from shared.kernel.ids import derived, stream_id
from shared.kernel.money import Money
from shared.platform.area import events_of

TENANT: Final = UUID(int=7001)
BOOK: Final = Book(TENANT, "CN01")
ACCOUNT: Final = stream_id(TENANT, "CN01", "account", "C-1001")
COLLECTOR: Final = UUID(int=7)
INVOICE: Final = UUID(int=31)
ITEM_A: Final = UUID(int=101)
ITEM_B: Final = UUID(int=102)
ISSUED: Final = date(2026, 1, 31)
DUE: Final = date(2026, 3, 2)
NUMBERS: Final = {ITEM_A: "2026-0131", ITEM_B: "2026-0132"}
_NAMES: Final = {kind: name for name, kind in {**inbox.SUBSCRIBES_TO, **events_of(AREAS)}.items()}


def yuan(minor: int) -> Money:
    return Money(minor, "CNY")


def after(days: int) -> date:
    """Gives the day so many days past due."""
    return DUE + timedelta(days=days)


def at(day: date, hour: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def listed(item: UUID = ITEM_A, minor: int = 235_000) -> ListedItem:
    return ListedItem(
        open_item_id=item,
        invoice_number=NUMBERS[item],
        installment=1,
        due_on=DUE,
        open_amount=yuan(minor),
    )


def registered(take_over_on: date | None = None) -> inbox.LegalEntityRegistered:
    return inbox.LegalEntityRegistered(
        code="CN01", take_over_on=take_over_on, notice_minimum=yuan(100)
    )


def approached(item: UUID = ITEM_A, minor: int = 235_000) -> inbox.InvoiceDueDateApproached:
    return inbox.InvoiceDueDateApproached(**_crossing(item, minor, -3))


def became_overdue(item: UUID = ITEM_A, minor: int = 235_000) -> inbox.InvoiceBecameOverdue:
    return inbox.InvoiceBecameOverdue(**_crossing(item, minor, 1))


def reached(
    threshold: int, item: UUID = ITEM_A, minor: int = 235_000
) -> inbox.InvoiceDaysPastDueReached:
    return inbox.InvoiceDaysPastDueReached(**_crossing(item, minor, threshold))


def crossings(
    threshold: int, item: UUID = ITEM_A, *, reopened_on: date | None = None
) -> Sequence[inbox.InvoiceBecameOverdue | inbox.InvoiceDaysPastDueReached]:
    """All up to this threshold, known at once: each says which is the latest."""
    said = [
        became_overdue(item) if n == 1 else reached(n, item)
        for n in (1, 30, 60, 90)
        if n <= threshold
    ]
    return [
        replace(each, latest_threshold_days=threshold, reopened_on=reopened_on) for each in said
    ]


def cured(item: UUID = ITEM_A, minor: int = 0) -> inbox.InvoiceOverdueCured:
    return inbox.InvoiceOverdueCured(account_id=ACCOUNT, open_item_id=item, open_amount=yuan(minor))


def opened() -> inbox.AccountOpened:
    return inbox.AccountOpened(
        account_id=ACCOUNT,
        number="C-1001",
        time_zone="Asia/Shanghai",
        currency="CNY",
        collector_id=COLLECTOR,
    )


def issued(item: UUID = ITEM_A, minor: int = 235_000) -> inbox.InvoiceIssued:
    return inbox.InvoiceIssued(
        account_id=ACCOUNT,
        number=NUMBERS[item],
        installments=(
            inbox.Installment(installment=1, open_item_id=item, amount=yuan(minor), due_on=DUE),
        ),
    )


def applied(item: UUID, open_minor: int) -> inbox.InvoicePaymentApplied:
    return inbox.InvoicePaymentApplied(open_item_id=item, open_amount=yuan(open_minor))


def allocated(
    *amounts: tuple[int, int], value_on: date, unallocated: int = 0
) -> inbox.PaymentAllocated:
    """Allocates payments, each given as (id of the allocation, minor units)."""
    return inbox.PaymentAllocated(
        account_id=ACCOUNT,
        value_on=value_on,
        unallocated_amount=yuan(unallocated),
        allocations=tuple(
            inbox.Allocation(id=UUID(int=id), amount=yuan(minor)) for id, minor in amounts
        ),
    )


def recorded(
    event: Any,
    on: date,
    *,
    stream: UUID = INVOICE,
    version: int = 1,
    offset: int = 0,
    partition: int = 5,
    at_hour: int = 0,
) -> Recorded[Any]:
    return Recorded(
        event=event,
        type=_NAMES[type(event)],
        id=derived(stream, "event", version),
        stream_id=stream,
        version=version,
        tenant_id=TENANT,
        account_id=ACCOUNT,
        legal_entity="CN01",
        effective_on=on,
        recorded_at=at(on, at_hour),
        topic="events",
        partition=partition,
        offset=offset,
    )


def in_order(*events: tuple[Any, date]) -> Sequence[Recorded[Any]]:
    """Puts each event on a stream of its kind of thing, one after the other on one partition."""
    return [
        recorded(event, day, version=offset + 1, offset=offset)
        for offset, (event, day) in enumerate(events)
    ]


def _crossing(item: UUID, minor: int, threshold: int) -> dict[str, Any]:
    return {
        "account_id": ACCOUNT,
        "account_number": "C-1001",
        "number": NUMBERS[item],
        "installment": 1,
        "open_item_id": item,
        "due_on": DUE,
        "threshold_days": threshold,
        "latest_threshold_days": threshold,
        "reopened_on": None,
        "open_amount": yuan(minor),
    }
