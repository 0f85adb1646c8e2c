"""How each event changes a case. One case per event; no rule lives here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from services.dunning.strategies.domain.review import LastNotice
from services.dunning.work.domain.case import events
from services.dunning.work.domain.case.state import Customer, NotOpen, Open, Plan, State
from shared.kernel.decider import expect


def evolve(state: State, event: events.Event) -> State:
    match event:
        case events.CaseOpened():
            return Open(plan=expect(state, NotOpen).plan)
        case events.OpenItemAdded():
            opened = expect(state, Open)
            return replace(opened, open_item_ids=opened.open_item_ids.with_(event.open_item_id))
        case events.OpenItemRemoved():
            opened = expect(state, Open)
            return replace(opened, open_item_ids=opened.open_item_ids.without([event.open_item_id]))
        case events.CaseClosed():
            return NotOpen(plan=expect(state, Open).plan)
        case _:
            return replace(state, plan=_planned(state.plan, event))


def _planned(plan: Plan, event: events.OfPlan) -> Plan:
    match event:
        case events.CaseStepReached():
            return _reached(plan, event)
        case events.CaseReviewMoved(review_at=at):
            is_later = plan.review_at is not None and at > plan.review_at
            return replace(plan, review_at=at, is_postponed=is_later)
        case events.CaseReviewStarted():
            return replace(plan, is_under_review=True, is_postponed=False)
        case events.CaseStepPassedOver(steps=steps):
            return _without(plan, steps)
        case events.CaseStepTaken():
            return _taken(plan, event)
        case events.CaseReviewed(review_at=at):
            return replace(plan, is_under_review=False, review_at=at)
        case _:
            assert_never(event)


def _reached(plan: Plan, event: events.CaseStepReached) -> Plan:
    customer = Customer(
        account_id=event.account_id,
        account_number=event.account_number,
        currency=event.currency,
        time_zone=event.time_zone,
    )
    return replace(
        plan,
        customer=customer,
        waiting=plan.waiting.with_(event.crossing_id),
        review_at=event.review_at,
    )


def _without(plan: Plan, done: Iterable[events.Step]) -> Plan:
    return replace(plan, waiting=plan.waiting.without(step.crossing_id for step in done))


def _taken(plan: Plan, event: events.CaseStepTaken) -> Plan:
    left = _without(plan, event.steps)
    if not event.notices:
        return left
    return replace(left, last_notice=LastNotice(on=event.taken_on, step=event.step))
