from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.dunning.work.domain.contact import commands, decide, events
from services.dunning.work.domain.contact.decide import CLOCKS_APART_MAX, contact, note_id
from shared.kernel.rejections import EffectiveDateOutOfRange, NumberAlreadyUsed
from tests.support.dunning import ACCOUNT, BOOK, ITEM_A, ITEM_B, after, at
from tests.support.spec import given

RECORD = commands.RecordContact(
    book=BOOK,
    number="K-1",
    account_id=ACCOUNT,
    account_number="C-1001",
    channel="wechat",
    contacted_at=at(after(2), 9),
    open_item_ids=[ITEM_A],
    known_open_item_ids=frozenset([ITEM_A]),
    outcome="promised",
    reason="cash_flow",
    next_step="call_again",
    next_step_on=after(9),
    has_note=True,
    effective_on=after(2),
    now=at(after(2), 10),
)
RECORDED = events.ContactRecorded(
    account_id=ACCOUNT,
    account_number="C-1001",
    number="K-1",
    channel="wechat",
    contacted_at=at(after(2), 9),
    open_item_ids=(ITEM_A,),
    outcome="promised",
    reason="cash_flow",
    next_step="call_again",
    next_step_on=after(9),
    note_id=note_id(contact.stream(BOOK, "K-1").id),
)


class TestRecordContact:
    def test_refers_to_the_note_and_repeats_nothing_of_it(self) -> None:
        given(contact).when(decide.record_contact, RECORD).then(RECORDED)

    def test_refers_to_no_note_when_nothing_was_said(self) -> None:
        silent = replace(RECORD, has_note=False)

        given(contact).when(decide.record_contact, silent).then(replace(RECORDED, note_id=None))

    def test_refuses_a_number_that_is_used(self) -> None:
        given(contact, RECORDED).when(decide.record_contact, RECORD).then_rejected(
            NumberAlreadyUsed, "/number"
        )

    def test_refuses_what_has_not_happened_yet(self) -> None:
        barely = replace(RECORD, contacted_at=RECORD.now + CLOCKS_APART_MAX)
        early = replace(barely, contacted_at=barely.contacted_at + timedelta(seconds=1))

        given(contact).when(decide.record_contact, early).then_rejected(
            EffectiveDateOutOfRange, "/contacted_at"
        )
        given(contact).when(decide.record_contact, barely).then(
            replace(RECORDED, contacted_at=barely.contacted_at)
        )

    def test_refuses_a_next_step_before_it(self) -> None:
        """On its own day it may come: call again in the afternoon."""
        for day in (after(1), after(-30)):
            early = replace(RECORD, next_step_on=day)
            given(contact).when(decide.record_contact, early).then_rejected(
                EffectiveDateOutOfRange, "/next_step_on"
            )
        same_day = replace(RECORD, next_step_on=after(2))
        given(contact).when(decide.record_contact, same_day).then(
            replace(RECORDED, next_step_on=after(2))
        )

    def test_refuses_an_item_of_somebody_else(self) -> None:
        foreign = replace(RECORD, open_item_ids=[ITEM_A, ITEM_B])

        given(contact).when(decide.record_contact, foreign).then_rejected(
            decide.UnknownOpenItem, "/open_item_ids/1"
        )
