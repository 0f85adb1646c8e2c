"""What has happened to a case. Stored for ever: add fields, never change them.

Each is dated on the day it is done; the day of what it answers stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from shared.kernel.money import Money

STEPS_MAX: Final = 200  # steps one event names; more of them are several events


@dataclass(frozen=True, slots=True, kw_only=True)
class OfCase:
    """What every event of a case says of it."""

    account_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened(OfCase):
    account_number: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItemAdded(OfCase):
    open_item_id: UUID
    invoice_id: UUID
    invoice_number: str
    installment: int
    due_on: date
    open_amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItemRemoved(OfCase):
    open_item_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosed(OfCase):
    """No item of the account is overdue any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStepReached(OfCase):
    """An item has reached a threshold; what is done about it is decided at a review.

    A case need not be open for it: before the due date there is none.
    """

    account_number: str
    currency: str
    time_zone: str
    open_item_id: UUID
    invoice_id: UUID
    crossing_id: UUID  # Of the ledger's event.
    step: int  # Days past due; negative: ahead.
    reached_on: date
    is_returned: bool  # The payment that had settled it was returned.
    is_history: bool  # Reached before the book was taken over.
    review_at: datetime  # When the next one is due.


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReviewMoved(OfCase):
    """It is at another time than was said: after the night or an outage, or a date changed."""

    review_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReviewStarted(OfCase):
    """The time has come to decide what is done about the steps that were reached."""

    account_number: str
    currency: str
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReviewed(OfCase):
    """The review is over."""

    review_at: datetime | None  # When what still waits is looked at again.


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    crossing_id: UUID  # Of the ledger's event: reached anew it is another step.
    open_item_id: UUID
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStepPassedOver(OfCase):
    """Steps that were reached and do nothing, and why."""

    reason: str
    steps: tuple[Step, ...]  # At most STEPS_MAX.


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStepTaken(OfCase):
    """What the plan says of a step is done."""

    taken_on: date
    step: int
    steps: tuple[Step, ...]  # Which items had reached it, at most STEPS_MAX.
    notices: tuple[str, ...]  # Their templates.
    tasks: tuple[str, ...]  # Their kinds.
    demanded: Money | None  # None: nothing is asked for.


OfPlan = (
    CaseStepReached
    | CaseReviewMoved
    | CaseReviewStarted
    | CaseStepPassedOver
    | CaseStepTaken
    | CaseReviewed
)

Event = CaseOpened | OpenItemAdded | OpenItemRemoved | CaseClosed | OfPlan
