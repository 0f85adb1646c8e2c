from __future__ import annotations

from dataclasses import replace

from services.dunning.accounts.domain.listed_item import KnownItem, to_list
from shared.kernel.money import Money
from tests.support.dunning import DUE, ISSUED, ITEM_A, ITEM_B, NUMBERS, after, listed, yuan

ON = after(1)
A = KnownItem(
    open_item_id=ITEM_A,
    invoice_number=NUMBERS[ITEM_A],
    installment=1,
    issued_on=ISSUED,
    due_on=DUE,
    open_amount=yuan(235_000),
    moved_on=ISSUED,
    amount_before=yuan(235_000),
)
B = replace(A, open_item_id=ITEM_B, invoice_number=NUMBERS[ITEM_B])


class TestToList:
    def test_names_every_open_item_of_the_account_and_due_date(self) -> None:
        assert to_list(listed(), [B, A], ON) == [listed(ITEM_A), listed(ITEM_B)]

    def test_leaves_out_another_due_date(self) -> None:
        assert to_list(listed(), [A, replace(B, due_on=after(7))], ON) == [listed()]

    def test_leaves_out_another_currency(self) -> None:
        dollars = Money(235_000, "USD")
        other = replace(B, open_amount=dollars, amount_before=dollars)

        assert to_list(listed(), [A, other], ON) == [listed()]
        assert to_list(replace(listed(ITEM_B), open_amount=dollars), [A, other], ON) == [
            replace(listed(ITEM_B), open_amount=dollars)
        ]

    def test_takes_the_event_at_its_word_when_it_knows_no_better(self) -> None:
        assert to_list(listed(), [], ON) == [listed()]

    def test_still_names_what_is_paid_later_on_the_day(self) -> None:
        paid = replace(B, open_amount=yuan(0), moved_on=ON, amount_before=yuan(235_000))

        assert to_list(listed(), [A, paid], ON) == [listed(), listed(ITEM_B)]

    def test_names_the_amount_with_which_the_day_began(self) -> None:
        partly = replace(B, open_amount=yuan(1), moved_on=ON, amount_before=yuan(9_000))

        assert to_list(listed(), [A, partly], ON) == [listed(), listed(ITEM_B, 9_000)]

    def test_leaves_out_what_was_paid_before_the_day(self) -> None:
        paid = replace(B, open_amount=yuan(0), moved_on=DUE, amount_before=yuan(235_000))

        assert to_list(listed(), [A, paid], ON) == [listed()]

    def test_is_empty_when_all_was_paid_on_a_later_day(self) -> None:
        paid = replace(A, open_amount=yuan(0), moved_on=after(2), amount_before=yuan(235_000))

        assert to_list(listed(), [paid], ON) == []

    def test_leaves_out_another_item_issued_that_day(self) -> None:
        assert to_list(listed(), [A, replace(B, issued_on=ON)], ON) == [listed()]

    def test_names_the_item_that_crossed_on_the_day_it_was_issued(self) -> None:
        today = replace(A, issued_on=ON, moved_on=ON)

        assert to_list(listed(), [today], ON) == [listed()]
