"""What cases, tasks, contacts and promises look like, and the lists over them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from msgspec import Raw

from services.dunning.accounts.views.account import AccountRefView
from services.dunning.accounts.views.listed_item import ListedItemView
from shared.kernel.money import Money
from shared.platform.http.views import View, said

MONEY: Final = {"amount": "8000.00", "currency": "CNY"}
ID: Final = "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11"
NOTE: Final = {"contact_person": "王芳", "text": "pays on Friday"}


class CaseItemView(ListedItemView, frozen=True, kw_only=True):
    """An overdue item of a case, with what is open of it now."""

    invoice_id: Annotated[UUID, said("The invoice's id in ledger.", ID)]


class CaseView(View, frozen=True, kw_only=True):
    """The overdue items of one account in one currency."""

    id: Annotated[UUID, said("Of the case.", ID)]
    version: Annotated[int, said("Its present version, as in the ETag.", 2)]
    account: Annotated[AccountRefView, said("Whose it is.")]
    currency: Annotated[str, said("ISO 4217 code.", "CNY")]
    status: Annotated[Literal["open", "closed"], said("Open while an item is overdue.", "open")]
    opened_on: Annotated[date, said("When it was opened last.", "2026-03-03")]
    closed_on: Annotated[date | None, said("When it was closed.", "2026-03-20")]
    open_amount: Annotated[Money, said("What is open of its items now.", MONEY)]
    items: Annotated[list[CaseItemView], said("Those that are overdue now.", [])]


class TaskView(View, frozen=True, kw_only=True):
    """What a person is asked to do at a step of the plan."""

    id: Annotated[UUID, said("Of the task.", ID)]
    version: Annotated[int, said("Its present version, as in the ETag.", 1)]
    account: Annotated[AccountRefView, said("Whom it is about.")]
    kind: Annotated[str, said("phone or legal_decision.", "phone")]
    due_on: Annotated[date, said("Due date of its items.", "2026-03-02")]
    step: Annotated[int, said("Days past due it answers.", 30)]
    grade: Annotated[str, said("The customer's when it was opened.", "一般")]
    status: Annotated[Literal["open", "completed"], said("Whether it was done.", "open")]
    opened_on: Annotated[date, said("Business date.", "2026-04-01")]
    outcome: Annotated[str | None, said("What came of it.", "reached")]
    completed_on: Annotated[date | None, said("When it was done.", "2026-04-02")]
    items: Annotated[list[ListedItemView], said("As they were when it was opened.", [])]


class TaskCompletedView(View, frozen=True, kw_only=True):
    """A task that was done."""

    id: Annotated[UUID, said("Of the task.", ID)]
    version: Annotated[int, said("Its version now, as in the ETag.", 2)]
    account_id: Annotated[UUID, said("Whom it is about.", ID)]
    kind: Annotated[str, said("phone or legal_decision.", "phone")]
    due_on: Annotated[date, said("Due date of its items.", "2026-03-02")]
    step: Annotated[int, said("Days past due it answers.", 30)]
    status: Annotated[Literal["completed"], said("Done.", "completed")]
    outcome: Annotated[str, said("What came of it.", "reached")]
    completed_on: Annotated[date, said("When it was done.", "2026-04-02")]


class ContactRecordedView(View, frozen=True, kw_only=True):
    """An attempt to reach a contact person, just recorded. What was said is not repeated."""

    id: Annotated[UUID, said("Made from its number.", ID)]
    version: Annotated[int, said("Its present version, as in the ETag.", 1)]
    account: Annotated[AccountRefView, said("Whom it is about.")]
    number: Annotated[str, said("The caller's, or made from the key.", "call-0131")]
    channel: Annotated[str, said("phone, email, letter, visit or wechat.", "phone")]
    contacted_at: Annotated[datetime, said("When it happened.", "2026-04-02T02:00:00Z")]
    open_item_ids: Annotated[list[UUID], said("The items it was about.", [ID])]
    outcome: Annotated[str, said("What came of it.", "reached")]
    reason: Annotated[str | None, said("Why they did not pay.", "cash_short")]
    next_step: Annotated[str | None, said("What comes next.", "call_again")]
    next_step_on: Annotated[date | None, said("And when.", "2026-04-09")]


class ContactView(ContactRecordedView, frozen=True, kw_only=True):
    """An attempt to reach a contact person."""

    note: Annotated[dict[str, Any] | None, said("Contact person and text.", NOTE)]


class PromiseMadeView(View, frozen=True, kw_only=True):
    """A promise to pay, just made."""

    id: Annotated[UUID, said("Made from its number.", ID)]
    version: Annotated[int, said("Its present version, as in the ETag.", 1)]
    account: Annotated[AccountRefView, said("Who promised.")]
    number: Annotated[str, said("The caller's, or made from the key.", "promise-7")]
    status: Annotated[Literal["open", "kept"], said("Kept once the cash came in time.", "open")]
    amount: Annotated[Money, said("What was promised.", MONEY)]
    promised_on: Annotated[date, said("By when.", "2026-04-09")]
    made_on: Annotated[date, said("When it was said.", "2026-04-02")]


class PromiseView(PromiseMadeView, frozen=True, kw_only=True):
    """A promise to pay, with the cash that counted for it."""

    received: Annotated[Money | None, said("Allocated in time; null: not kept.", MONEY)]
    kept_on: Annotated[date | None, said("When it was kept.", "2026-04-08")]
    note: Annotated[dict[str, Any] | None, said("Contact person and text.", NOTE)]


class WorkItemView(View, frozen=True, kw_only=True):
    """A case or a task that somebody should look at."""

    kind: Annotated[Literal["case", "task"], said("Which of both.", "case")]
    id: Annotated[UUID, said("Of the case or task.", ID)]
    version: Annotated[int, said("Its present version.", 2)]
    account: Annotated[AccountRefView, said("Whose it is.")]
    collector_id: Annotated[UUID | None, said("Who collects from it.", ID)]
    task: Annotated[str | None, said("The kind of task; null: a case.", "phone")]
    step: Annotated[int | None, said("Days past due a task answers.", 30)]
    opened_on: Annotated[date, said("Business date.", "2026-03-03")]
    oldest_due_on: Annotated[date, said("Of its items.", "2026-03-02")]
    open_amount: Annotated[Money, said("What is open of its items now.", MONEY)]
    grade: Annotated[str, said("The customer's now.", "一般")]


class CollectionEntryView(View, frozen=True, kw_only=True):
    """One line of the collection ledger (催收台账): an event of dunning."""

    id: Annotated[UUID, said("Of the event.", ID)]
    account: Annotated[AccountRefView, said("Whose it is.")]
    kind: Annotated[str, said("case, overdue_alert, notice, task, contact, promise.", "task")]
    event: Annotated[str, said("What happened to it.", "opened")]
    day: Annotated[date, said("Business date.", "2026-04-01")]
    recorded_at: Annotated[datetime, said("When it was learned.", "2026-04-01T00:00:00Z")]
    resource_id: Annotated[UUID, said("The thing it happened to.", ID)]
    version: Annotated[int, said("Of that thing, after it.", 1)]
    details: Annotated[Raw, said("The event itself.", {})]
    note: Annotated[dict[str, Any] | None, said("What was said, of contacts and promises.", NOTE)]
