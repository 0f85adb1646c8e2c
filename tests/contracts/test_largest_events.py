"""No event can be larger than the log takes: the largest of every type is built and measured."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest

from services.credit.runtime.wiring import AREAS as CREDIT
from services.credit.scorecards.domain.scorecard import CARD, CapId
from services.dunning.notices.domain.notice.events import LINES_MAX
from services.dunning.runtime.wiring import AREAS as DUNNING
from services.dunning.strategies.domain import dunning_plan
from services.dunning.work.api.contacts import OPEN_ITEMS_MAX
from services.dunning.work.domain.case.events import STEPS_MAX
from services.dunning.work.domain.task.events import ITEMS_MAX
from services.ledger.cash.domain.payment.decide import ALLOCATIONS_MAX
from services.ledger.customers.api.accounts import ChangeDetails
from services.ledger.receivables.domain.aging import THRESHOLDS_MAX
from services.ledger.receivables.domain.terms import DISCOUNTS_MAX, PORTIONS_MAX
from services.ledger.runtime.wiring import AREAS as LEDGER
from shared.kernel.money import EXPONENTS, MINOR_MAX, Money
from shared.platform.area import events_of
from shared.platform.codec import Codec, to_json
from shared.platform.http.models import LONG_TEXT_MAX, SHORT_TEXT_MAX
from shared.platform.log.envelope import PASSED, StoredEvent, record_of
from shared.platform.log.port import RECORD_BYTES_MAX
from shared.platform.log.records import size_of
from shared.platform.store.batch import EVENT_BYTES_MAX

TYPES: Final = events_of([*LEDGER, *CREDIT, *DUNNING])
CODEC: Final = Codec(TYPES)
WIDEST: Final = "\U00020bb7"  # Four bytes, the most a character has.
WHOLE_NUMBER: Final = -(2**62)
INSTANT: Final = datetime(2199, 12, 31, 23, 59, 59, 999_999, UTC)
ID: Final = UUID(int=2**128 - 1)
ACTIONS: Final = sum(isinstance(each, str) for each in vars(dunning_plan).values())  # Its words.

# How many things the lists of an event hold at most. A list that is not here has no bound.
MOST: Final[Mapping[str, int]] = {
    "AccountDetailsChanged.fields": len(ChangeDetails.model_fields),
    "InvoiceIssued.installments": PORTIONS_MAX,
    "InvoiceIssued.thresholds": THRESHOLDS_MAX,
    "InvoiceCanceled.installments": PORTIONS_MAX,
    "Terms.portions": PORTIONS_MAX,
    "Terms.discounts": DISCOUNTS_MAX,
    "Installment.discounts": DISCOUNTS_MAX,
    "InvoiceOverdueCured.thresholds_reached": THRESHOLDS_MAX,
    "PaymentAllocated.allocations": ALLOCATIONS_MAX,
    "PaymentReversed.allocations": ALLOCATIONS_MAX,
    "CreditFileScored.indicators": len(CARD),
    "CreditFileScored.reasons": len(CARD) + 1,
    "CreditFileScored.caps": len(get_args(CapId)),
    "Reason.currencies": len(EXPONENTS),
    "NoticeQueued.items": LINES_MAX,
    "CaseStepPassedOver.steps": STEPS_MAX,
    "CaseStepTaken.steps": STEPS_MAX,
    "CaseStepTaken.notices": ACTIONS,
    "CaseStepTaken.tasks": ACTIONS,
    "TaskOpened.items": ITEMS_MAX,
    "ContactRecorded.open_item_ids": OPEN_ITEMS_MAX,
}

SCALARS: Final[Mapping[object, object]] = {
    UUID: ID,
    int: WHOLE_NUMBER,
    bool: False,
    date: date.max,
    datetime: INSTANT,
    Money: Money(-MINOR_MAX, "CLF"),
    type(None): None,
}


class NoBound(AssertionError):
    """A list that could grow as long as it likes."""


def largest(kind: type, *, text_max: int = LONG_TEXT_MAX) -> Any:
    """The event with the longest of everything. Raises NoBound."""
    hints = get_type_hints(kind)
    return kind(
        **{
            each.name: _largest(hints[each.name], f"{kind.__name__}.{each.name}", text_max)
            for each in fields(kind)
        }
    )


def _largest(hint: Any, name: str, text_max: int) -> Any:
    if hint in SCALARS:
        return SCALARS[hint]
    if hint is str:
        return WIDEST * text_max
    if is_dataclass(hint) and isinstance(hint, type):
        return largest(hint, text_max=text_max)
    if get_origin(hint) is Literal:
        return max(get_args(hint), key=lambda one: len(str(one).encode()))
    if get_origin(hint) is tuple:
        if name not in MOST:
            raise NoBound(name)
        return (_largest(get_args(hint)[0], name, SHORT_TEXT_MAX),) * MOST[name]
    if get_origin(hint) in (Union, types.UnionType):
        several = [_largest(one, name, text_max) for one in get_args(hint)]
        return max(several, key=lambda one: len(to_json(one)))
    raise NoBound(f"{name}: {hint}")


def lists_of(kind: type) -> Iterator[str]:
    for name, hint in get_type_hints(kind).items():
        if get_origin(hint) is tuple:
            yield f"{kind.__name__}.{name}"
        for part in (hint, *get_args(hint)):
            if isinstance(part, type) and is_dataclass(part):
                yield from lists_of(part)


@pytest.mark.parametrize("name", sorted(TYPES))
def test_the_largest_of_a_type_fits_the_log(name: str) -> None:
    _, data = CODEC.encode(largest(TYPES[name]))

    assert len(data) <= EVENT_BYTES_MAX


def test_the_largest_event_with_the_largest_envelope_fits_the_log() -> None:
    text = WIDEST * 255  # An idempotency key; all others are shorter.
    stored = StoredEvent(
        id=ID,
        type=max(TYPES, key=len),
        stream_id=ID,
        version=2**62,
        tenant_id=ID,
        account_id=ID,
        effective_on=date.max,
        recorded_at=INSTANT,
        data=b"1" * EVENT_BYTES_MAX,
        headers={name: text for name in (*PASSED, "subject", "time", "traceparent")},
    )

    assert size_of(record_of(stored, "dunning")) <= RECORD_BYTES_MAX


def test_the_bounds_are_those_of_lists_that_are_there() -> None:
    assert set(MOST) == {one for kind in TYPES.values() for one in lists_of(kind)}


def test_a_list_without_a_bound_is_found() -> None:
    @dataclass(frozen=True)
    class Counted:
        numbers: tuple[str, ...]

    with pytest.raises(NoBound, match=r"Counted\.numbers"):
        largest(Counted)
