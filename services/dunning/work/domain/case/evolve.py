"""How each event changes a case. One case per event; no rule lives here."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from services.dunning.strategies.domain.review import LastNotice
from services.dunning.work.domain.case import events
from services.dunning.work.domain.case.state import Customer, NotOpen, Open, Plan, State, StepKey
from shared.kernel.decider import expect


def evolve(state: State, event: events.Event) -> State:
    plan = state.plan
    match event:
        case events.CaseOpened():
            return Open(plan=expect(state, NotOpen).plan)
        case events.OpenItemAdded():
            opened = expect(state, Open)
            return replace(opened, open_item_ids=opened.open_item_ids | {event.open_item_id})
        case events.OpenItemRemoved():
            opened = expect(state, Open)
            return replace(opened, open_item_ids=opened.open_item_ids - {event.open_item_id})
        case events.CaseClosed():
            return NotOpen(plan=expect(state, Open).plan)
        case events.CaseStepReached():
            return replace(state, plan=_reached(plan, event))
        case events.CaseReviewStarted():
            return replace(state, plan=replace(plan, is_under_review=True))
        case events.CaseStepPassedOver(steps=steps):
            return replace(
                state, plan=_without(plan, {StepKey(s.open_item_id, s.step) for s in steps})
            )
        case events.CaseStepTaken():
            return replace(state, plan=_taken(plan, event))
        case events.CaseReviewed(review_at=at):
            return replace(state, plan=replace(plan, is_under_review=False, review_at=at))
        case _:
            assert_never(event)


def _reached(plan: Plan, event: events.CaseStepReached) -> Plan:
    customer = Customer(
        account_id=event.account_id,
        account_number=event.account_number,
        currency=event.currency,
        time_zone=event.time_zone,
    )
    key = StepKey(event.open_item_id, event.step)
    return replace(
        plan,
        customer=customer,
        waiting={**plan.waiting, key: event.reached_on},
        review_at=event.review_at,
    )


def _without(plan: Plan, done: set[StepKey]) -> Plan:
    left = {key: on for key, on in plan.waiting.items() if key not in done}
    return replace(plan, waiting=left)


def _taken(plan: Plan, event: events.CaseStepTaken) -> Plan:
    left = _without(plan, {StepKey(id, event.step) for id in event.open_item_ids})
    if not event.notices:
        return left
    return replace(left, last_notice=LastNotice(on=event.taken_on, step=event.step))
