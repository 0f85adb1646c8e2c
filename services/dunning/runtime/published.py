"""Names of the events dunning writes. A name once written is for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.dunning.alerts.domain.overdue_alert import events as overdue_alert
from services.dunning.notices.domain.notice import events as notice
from services.dunning.work.domain.case import events as case
from services.dunning.work.domain.contact import events as contact
from services.dunning.work.domain.promise import events as promise
from services.dunning.work.domain.task import events as task

TYPES: Final[Mapping[str, type]] = {
    "dunning.case.opened.v1": case.CaseOpened,
    "dunning.case.open_item_added.v1": case.OpenItemAdded,
    "dunning.case.open_item_removed.v1": case.OpenItemRemoved,
    "dunning.case.closed.v1": case.CaseClosed,
    "dunning.overdue_alert.raised.v1": overdue_alert.OverdueAlertRaised,
    "dunning.overdue_alert.recovered.v1": overdue_alert.OverdueAlertRecovered,
    "dunning.notice.queued.v1": notice.NoticeQueued,
    "dunning.notice.accepted.v1": notice.NoticeAccepted,
    "dunning.task.opened.v1": task.TaskOpened,
    "dunning.task.completed.v1": task.TaskCompleted,
    "dunning.contact.recorded.v1": contact.ContactRecorded,
    "dunning.promise.made.v1": promise.PromiseMade,
    "dunning.promise.kept.v1": promise.PromiseKept,
}

PUBLIC: Final = frozenset(("dunning.overdue_alert.raised.v1", "dunning.overdue_alert.recovered.v1"))
