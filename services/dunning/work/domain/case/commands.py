"""What can be asked of a case: one account's items in one currency, and what is done about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.dunning.notices.domain.notice.commands import QueueNotice
from services.dunning.strategies.domain.review import PassedStep
from services.dunning.work.domain.case.events import Step
from services.dunning.work.domain.task.commands import OpenTask
from shared.kernel.decider import Book
from shared.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseItem:
    """An item as the ledger's events show it."""

    open_item_id: UUID
    invoice_id: UUID
    invoice_number: str
    installment: int
    due_on: date
    open_amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteStep:
    """An item reached a threshold."""

    book: Book
    account_id: UUID
    account_number: str
    time_zone: str
    take_over_on: date | None  # Of the legal entity; what is before it is history.
    item: CaseItem
    crossing_id: UUID
    step: int
    latest_step: int  # The highest the item has reached as far as the ledger knew.
    reached_on: date
    is_returned: bool
    is_settled: bool  # Nothing is open of it any more.


@dataclass(frozen=True, slots=True, kw_only=True)
class BringReviewForward:
    """The book is taken over earlier than was said."""

    case_id: UUID
    take_over_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveCuredItem:
    book: Book
    account_id: UUID
    time_zone: str
    currency: str
    open_item_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordReview:
    """What was decided about the steps that waited, and what is done: all of it or nothing."""

    book: Book
    account_id: UUID
    account_number: str
    time_zone: str
    currency: str
    today: date  # On which it was decided; done on another day it is decided anew.
    seen: Sequence[UUID]  # The crossings the review knew of.
    taken_over: Sequence[CaseItem]  # Items of history that are still overdue.
    passed: Sequence[PassedStep]
    acted: Sequence[Step]  # All at `step`.
    step: int | None
    notices: Sequence[QueueNotice]
    tasks: Sequence[OpenTask]
    demanded: Money | None
    waits_until: date | None
    is_cut: bool  # There is more than one review takes; the next one follows at once.


Command = NoteStep | BringReviewForward | RemoveCuredItem | RecordReview
