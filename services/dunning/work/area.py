"""Work: cases, tasks, contacts and promises, and what to do next."""

from __future__ import annotations

from typing import Final

from services.dunning.accounts.projections.account_facts import zone_of_account
from services.dunning.accounts.projections.crossing_facts import facts_of_crossings
from services.dunning.work.api import cases, collection_ledger, contacts, promises, tasks, work_list
from services.dunning.work.domain.case import commands as case_commands
from services.dunning.work.domain.case import events as case_events
from services.dunning.work.domain.case.decide import case
from services.dunning.work.domain.contact import events as contact_events
from services.dunning.work.domain.contact.decide import NextStepOutOfRange, UnknownOpenItem, contact
from services.dunning.work.domain.promise import commands as promise_commands
from services.dunning.work.domain.promise import events as promise_events
from services.dunning.work.domain.promise.decide import (
    PromisedDateIsPast,
    PromisedDateTooFar,
    PromiseNotMade,
    promise,
)
from services.dunning.work.domain.task import commands as task_commands
from services.dunning.work.domain.task import events as task_events
from services.dunning.work.domain.task.decide import TaskAlreadyCompleted, TaskNotOpen, task
from services.dunning.work.handlers import case as case_handlers
from services.dunning.work.handlers import promise as promise_handlers
from services.dunning.work.handlers import task as task_handlers
from services.dunning.work.projections import case_plan as case_plan_model
from services.dunning.work.projections import collection_ledger as collection_ledger_model
from services.dunning.work.projections import contacts as contacts_model
from services.dunning.work.projections import promises as promises_model
from services.dunning.work.projections import true_notices
from services.dunning.work.projections import work_list as work_list_model
from services.dunning.work.projections.case_plan import cases_waiting
from services.dunning.work.projections.cases_and_tasks import idle_tasks
from services.dunning.work.projections.review_facts import facts_of_review
from services.dunning.work.projections.unreached import facts_of_unreached, requests_for_addresses
from services.dunning.work.reactions import (
    when_address_was_entered_withdraw_the_request,
    when_case_review_started_follow_the_plan,
    when_nothing_is_owed_withdraw_the_tasks,
    when_notice_reached_nobody_ask_a_person,
    when_overdue_was_cured_close_the_case,
    when_payment_allocated_keep_the_promise,
    when_payment_was_returned_reopen_the_promise,
    when_promise_was_entered_late_count_what_came,
    when_promised_day_passed_end_the_promise,
    when_take_over_date_changed_review_its_cases,
    when_threshold_was_reached_note_the_step,
)
from shared.kernel import rejections
from shared.platform.area import Area, reaction

AREA: Final = Area(
    name="work",
    aggregates=(case, task, contact, promise),
    events={
        "dunning.case.opened.v1": case_events.CaseOpened,
        "dunning.case.open_item_added.v1": case_events.OpenItemAdded,
        "dunning.case.open_item_removed.v1": case_events.OpenItemRemoved,
        "dunning.case.closed.v1": case_events.CaseClosed,
        "dunning.case.step_reached.v1": case_events.CaseStepReached,
        "dunning.case.review_moved.v1": case_events.CaseReviewMoved,
        "dunning.case.review_started.v1": case_events.CaseReviewStarted,
        "dunning.case.step_passed_over.v1": case_events.CaseStepPassedOver,
        "dunning.case.step_taken.v1": case_events.CaseStepTaken,
        "dunning.case.reviewed.v1": case_events.CaseReviewed,
        "dunning.task.opened.v1": task_events.TaskOpened,
        "dunning.task.completed.v1": task_events.TaskCompleted,
        "dunning.task.withdrawn.v1": task_events.TaskWithdrawn,
        "dunning.contact.recorded.v1": contact_events.ContactRecorded,
        "dunning.promise.made.v1": promise_events.PromiseMade,
        "dunning.promise.day_passed.v1": promise_events.PromiseDayPassed,
        "dunning.promise.kept.v1": promise_events.PromiseKept,
        "dunning.promise.broken.v1": promise_events.PromiseBroken,
        "dunning.promise.reopened.v1": promise_events.PromiseReopened,
    },
    handlers={
        case_commands.NoteStep: case_handlers.note_step,
        case_commands.BringReviewForward: case_handlers.bring_review_forward,
        case_commands.RemoveCuredItem: case_handlers.remove_cured_item,
        case_commands.RecordReview: case_handlers.record_review,
        task_commands.OpenTask: task_handlers.open_task,
        task_commands.WithdrawTask: task_handlers.withdraw_task,
        promise_commands.KeepPromise: promise_handlers.keep_promise,
        promise_commands.EndPromise: promise_handlers.end_promise,
        promise_commands.ReopenPromise: promise_handlers.reopen_promise,
    },
    read_models=(
        work_list_model.READ_MODEL,
        case_plan_model.READ_MODEL,
        promises_model.READ_MODEL,
        contacts_model.READ_MODEL,
        collection_ledger_model.READ_MODEL,
    ),
    checks=(true_notices.CHECK,),
    reactions=(
        reaction(when_threshold_was_reached_note_the_step, ask_all=facts_of_crossings),
        reaction(when_take_over_date_changed_review_its_cases, ask=cases_waiting),
        reaction(when_overdue_was_cured_close_the_case, ask=zone_of_account),
        reaction(when_case_review_started_follow_the_plan, ask=facts_of_review),
        reaction(when_nothing_is_owed_withdraw_the_tasks, ask=idle_tasks),
        reaction(when_address_was_entered_withdraw_the_request, ask=requests_for_addresses),
        reaction(when_notice_reached_nobody_ask_a_person, ask=facts_of_unreached),
        reaction(
            when_promise_was_entered_late_count_what_came, ask_all=promises_model.cash_of_promises
        ),
        reaction(when_payment_allocated_keep_the_promise, ask_all=promises_model.cash_of_promises),
        reaction(when_promised_day_passed_end_the_promise, ask_all=promises_model.cash_of_promises),
        reaction(
            when_payment_was_returned_reopen_the_promise, ask_all=promises_model.cash_of_promises
        ),
    ),
    private_tables=("note",),
    routes=(
        cases.router,
        work_list.router,
        tasks.router,
        contacts.router,
        promises.router,
        collection_ledger.router,
    ),
    rejections={
        rejections.NumberAlreadyUsed: 409,
        PromiseNotMade: 409,
        TaskNotOpen: 409,
        TaskAlreadyCompleted: 409,
        rejections.AmountNotPositive: 422,
        rejections.CurrencyMismatch: 422,
        rejections.EffectiveDateOutOfRange: 422,
        PromisedDateIsPast: 422,
        PromisedDateTooFar: 422,
        NextStepOutOfRange: 422,
        rejections.UnknownAccount: 422,
        UnknownOpenItem: 422,
    },
)
