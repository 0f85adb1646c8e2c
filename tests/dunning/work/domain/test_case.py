from __future__ import annotations

from dataclasses import replace

from hypothesis import given as for_all
from hypothesis import strategies as st

from services.dunning.work.domain.case import commands, decide, events
from services.dunning.work.domain.case.decide import case
from services.dunning.work.domain.case.state import NotOpen, Open
from tests.support.dunning import ACCOUNT, BOOK, DUE, INVOICE, ITEM_A, ITEM_B, NUMBERS, after, yuan
from tests.support.spec import given

ADD = commands.AddOverdueItem(
    book=BOOK,
    account_id=ACCOUNT,
    account_number="C-1001",
    open_item_id=ITEM_A,
    invoice_id=INVOICE,
    invoice_number=NUMBERS[ITEM_A],
    installment=1,
    due_on=DUE,
    open_amount=yuan(235_000),
    effective_on=after(1),
)
REMOVE = commands.RemoveCuredItem(
    book=BOOK, account_id=ACCOUNT, currency="CNY", open_item_id=ITEM_A, effective_on=after(9)
)
OPENED = events.CaseOpened(account_id=ACCOUNT, account_number="C-1001", currency="CNY")
ADDED = events.OpenItemAdded(
    account_id=ACCOUNT,
    open_item_id=ITEM_A,
    invoice_id=INVOICE,
    invoice_number=NUMBERS[ITEM_A],
    installment=1,
    due_on=DUE,
    open_amount=yuan(235_000),
)
ADDED_B = replace(ADDED, open_item_id=ITEM_B)
REMOVED = events.OpenItemRemoved(account_id=ACCOUNT, open_item_id=ITEM_A)
CLOSED = events.CaseClosed(account_id=ACCOUNT)


class TestAddOverdueItem:
    def test_opens_the_case_with_its_first_item(self) -> None:
        given(case).when(decide.add_overdue_item, ADD).then(OPENED, ADDED)

    def test_collects_further_items(self) -> None:
        further = replace(ADD, open_item_id=ITEM_B)

        given(case, OPENED, ADDED).when(decide.add_overdue_item, further).then(ADDED_B)

    def test_stays_quiet_about_an_item_it_has(self) -> None:
        given(case, OPENED, ADDED).when(decide.add_overdue_item, ADD).then_nothing()

    def test_opens_the_case_again_in_the_same_stream(self) -> None:
        history = (OPENED, ADDED, REMOVED, CLOSED)

        given(case, *history).when(decide.add_overdue_item, ADD).then(OPENED, ADDED)


class TestRemoveCuredItem:
    def test_closes_the_case_with_its_last_item(self) -> None:
        given(case, OPENED, ADDED).when(decide.remove_cured_item, REMOVE).then(REMOVED, CLOSED)

    def test_leaves_the_case_open_while_another_is_overdue(self) -> None:
        given(case, OPENED, ADDED, ADDED_B).when(decide.remove_cured_item, REMOVE).then(REMOVED)

    def test_stays_quiet_about_an_item_that_is_not_there(self) -> None:
        given(case).when(decide.remove_cured_item, REMOVE).then_nothing()
        given(case, OPENED, ADDED_B).when(decide.remove_cured_item, REMOVE).then_nothing()


@for_all(st.lists(st.tuples(st.booleans(), st.sampled_from([ITEM_A, ITEM_B])), max_size=30))
def test_a_case_is_open_exactly_while_an_item_is_overdue(steps: list[tuple[bool, object]]) -> None:
    state, overdue = case.initial, set()
    for is_added, item in steps:
        if is_added:
            happened = decide.add_overdue_item(replace(ADD, open_item_id=item), state)  # type: ignore[arg-type] # of the two ids
            overdue.add(item)
        else:
            happened = decide.remove_cured_item(replace(REMOVE, open_item_id=item), state)  # type: ignore[arg-type] # of the two ids
            overdue.discard(item)
        for event in happened.events:
            state = case.evolve(state, event)

        assert isinstance(state, Open if overdue else NotOpen)
        assert not isinstance(state, Open) or state.open_item_ids == overdue
