"""Dunning put together: its words, rules, read models and reactions. No branching on business."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import httpx

from services.dunning.accounts.projections import account_facts as account_facts_model
from services.dunning.alerts.api import overdue_alerts
from services.dunning.alerts.domain.overdue_alert import commands as alert_commands
from services.dunning.alerts.domain.overdue_alert.decide import overdue_alert
from services.dunning.alerts.handlers import overdue_alert as alert_handlers
from services.dunning.alerts.projections import overdue_alerts as overdue_alerts_model
from services.dunning.alerts.reactions import (
    when_invoice_became_overdue_raise_an_alert,
    when_overdue_was_cured_recover_its_alerts,
)
from services.dunning.contract import inbox
from services.dunning.notices.adapters.ledger_debtors import LedgerDebtors
from services.dunning.notices.adapters.maildir import Maildir
from services.dunning.notices.adapters.rendering import Payee, Renderer
from services.dunning.notices.api import notices
from services.dunning.notices.domain.notice import commands as notice_commands
from services.dunning.notices.domain.notice.decide import notice
from services.dunning.notices.domain.notice.events import NoticeQueued
from services.dunning.notices.effects.when_notice_was_queued_hand_it_over import HandOverNotices
from services.dunning.notices.handlers import notice as notice_handlers
from services.dunning.notices.projections import notices as notices_model
from services.dunning.runtime import problems, published
from services.dunning.runtime.settings import Settings
from services.dunning.work.api import cases, collection_ledger, contacts, promises, tasks, work_list
from services.dunning.work.domain.case import commands as case_commands
from services.dunning.work.domain.case.decide import case
from services.dunning.work.domain.contact.decide import contact
from services.dunning.work.domain.promise import commands as promise_commands
from services.dunning.work.domain.promise.decide import promise
from services.dunning.work.domain.task import commands as task_commands
from services.dunning.work.domain.task.decide import task
from services.dunning.work.handlers import case as case_handlers
from services.dunning.work.handlers import promise as promise_handlers
from services.dunning.work.handlers import task as task_handlers
from services.dunning.work.projections import collection_ledger as collection_ledger_model
from services.dunning.work.projections import contacts as contacts_model
from services.dunning.work.projections import promises as promises_model
from services.dunning.work.projections import work_list as work_list_model
from services.dunning.work.reactions import (
    when_invoice_became_overdue_open_a_case,
    when_overdue_was_cured_close_the_case,
    when_payment_allocated_keep_the_promise,
    when_threshold_reached_follow_the_plan,
)
from shared.kernel.decider import Work
from shared.platform.reactor.port import Effect, Reaction
from shared.platform.service import Service

REACTIONS: Final = (
    Reaction(
        "when_invoice_became_overdue_open_a_case",
        when_invoice_became_overdue_open_a_case.HEARS,
        when_invoice_became_overdue_open_a_case.react,
    ),
    Reaction(
        "when_invoice_became_overdue_raise_an_alert",
        when_invoice_became_overdue_raise_an_alert.HEARS,
        when_invoice_became_overdue_raise_an_alert.react,
        needs=(account_facts_model.PROJECTION.name,),
        ask=account_facts_model.facts_of_crossing,
    ),
    Reaction(
        "when_threshold_reached_follow_the_plan",
        when_threshold_reached_follow_the_plan.HEARS,
        when_threshold_reached_follow_the_plan.react,
        needs=(account_facts_model.PROJECTION.name,),
        ask=account_facts_model.facts_of_crossing,
    ),
    Reaction(
        "when_overdue_was_cured_recover_its_alerts",
        when_overdue_was_cured_recover_its_alerts.HEARS,
        when_overdue_was_cured_recover_its_alerts.react,
    ),
    Reaction(
        "when_overdue_was_cured_close_the_case",
        when_overdue_was_cured_close_the_case.HEARS,
        when_overdue_was_cured_close_the_case.react,
    ),
    Reaction(
        "when_payment_allocated_keep_the_promise",
        when_payment_allocated_keep_the_promise.HEARS,
        when_payment_allocated_keep_the_promise.react,
        needs=(promises_model.PROJECTION.name,),
        ask=promises_model.promises_and_cash,
    ),
)


# Nothing to close when the process ends; a notice is no hot path.
NOTHING_KEPT: Final = httpx.Limits(max_keepalive_connections=0)


class NoTimers(LookupError):
    """Dunning has no timers in this version: whatever fired is not ours."""


def _fire(kind: str, stream: UUID, name: str, due_at: datetime) -> Work:
    raise NoTimers(f"{kind} {name}")


def hand_over_notices(settings: Settings, ledger: httpx.AsyncClient) -> HandOverNotices:
    payee = Payee(settings.payment_instructions, settings.contact)
    maildir = Maildir(settings.mail, Renderer(payee), settings.sender)
    return HandOverNotices(LedgerDebtors(ledger), maildir)


def service(settings: Settings, ledger: httpx.AsyncClient | None = None) -> Service:
    """`ledger` is a client of ledger's API; by default one of the address in the settings."""
    client = ledger or httpx.AsyncClient(base_url=settings.ledger, limits=NOTHING_KEPT)
    return Service(
        name="dunning",
        own=published.TYPES,
        heard=inbox.TYPES,
        public=published.PUBLIC,
        aggregates=(case, overdue_alert, notice, task, contact, promise),
        fire=_fire,
        handlers={
            case_commands.AddOverdueItem: case_handlers.add_overdue_item,
            case_commands.RemoveCuredItem: case_handlers.remove_cured_item,
            alert_commands.RaiseAlert: alert_handlers.raise_alert,
            alert_commands.RecoverAlerts: alert_handlers.recover_alerts,
            notice_commands.QueueNotice: notice_handlers.queue_notice,
            notice_commands.AcceptNotice: notice_handlers.accept_notice,
            task_commands.OpenTask: task_handlers.open_task,
            promise_commands.KeepPromise: promise_handlers.keep_promise,
        },
        projections=(
            account_facts_model.PROJECTION,
            work_list_model.PROJECTION,
            overdue_alerts_model.PROJECTION,
            promises_model.PROJECTION,
            contacts_model.PROJECTION,
            notices_model.PROJECTION,
            collection_ledger_model.PROJECTION,
        ),
        reactions=REACTIONS,
        effects=(
            Effect("hand_over_notices", NoticeQueued, hand_over_notices(settings, client).perform),
        ),
        routers=(
            cases.router,
            work_list.router,
            overdue_alerts.router,
            tasks.router,
            contacts.router,
            promises.router,
            notices.router,
            collection_ledger.router,
        ),
        problems=problems.STATUS,
    )
