"""The reactions to a crossing: what follows from the event and the facts that were seen."""

from __future__ import annotations

from dataclasses import replace

from services.dunning.accounts.domain.account_facts import AccountFacts
from services.dunning.accounts.domain.grades import GradeOnDay
from services.dunning.accounts.domain.listed_item import KnownItem
from services.dunning.alerts.domain.overdue_alert.decide import alert_id
from services.dunning.alerts.reactions import when_invoice_became_overdue_raise_an_alert
from services.dunning.notices.domain.notice.commands import QueueNotice
from services.dunning.notices.handlers import notice as notice_handlers
from services.dunning.work.domain.task.commands import OpenTask
from services.dunning.work.handlers import task as task_handlers
from services.dunning.work.reactions import (
    when_invoice_became_overdue_open_a_case,
    when_threshold_reached_follow_the_plan,
)
from shared.kernel.decider import Book
from shared.kernel.money import Money
from tests.support.dunning import (
    ACCOUNT,
    BOOK,
    COLLECTOR,
    DUE,
    INVOICE,
    ISSUED,
    ITEM_A,
    ITEM_B,
    NUMBERS,
    TENANT,
    after,
    approached,
    at,
    became_overdue,
    listed,
    reached,
    recorded,
    yuan,
)
from tests.support.spec import Streams

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
POOR = GradeOnDay(after(-30), "较差")
FACTS = AccountFacts(collector_id=COLLECTOR, grades=[POOR], items=[A, B])
follow_the_plan = when_threshold_reached_follow_the_plan.react


class TestFollowThePlan:
    def test_queues_the_reminder_and_opens_the_phone_task_of_a_poor_payer(self) -> None:
        email, phone = follow_the_plan(recorded(became_overdue(), after(1)), FACTS)

        assert email == QueueNotice(
            book=BOOK,
            account_id=ACCOUNT,
            account_number="C-1001",
            due_on=DUE,
            step=1,
            channel="email",
            template="reminder",
            grade="较差",
            currency="CNY",
            items=[listed(ITEM_A), listed(ITEM_B)],
            effective_on=after(1),
        )
        assert phone == OpenTask(
            book=BOOK,
            account_id=ACCOUNT,
            account_number="C-1001",
            due_on=DUE,
            step=1,
            kind="phone",
            grade="较差",
            currency="CNY",
            items=[listed(ITEM_A), listed(ITEM_B)],
            effective_on=after(1),
        )

    def test_writes_to_everybody_before_the_due_date(self) -> None:
        (email,) = follow_the_plan(recorded(approached(), after(-3)), FACTS)

        assert isinstance(email, QueueNotice)
        assert (email.step, email.template, email.effective_on) == (-3, "pre_due", after(-3))

    def test_leaves_the_best_payers_alone_on_the_first_day(self) -> None:
        best = replace(FACTS, grades=[replace(POOR, grade="优质")])

        assert follow_the_plan(recorded(became_overdue(), after(1)), best) == []

    def test_treats_an_account_without_grade_as_fair(self) -> None:
        letter, phone = follow_the_plan(recorded(reached(30), after(30)), replace(FACTS, grades=[]))

        assert (letter.grade, phone.grade) == ("未评级", "未评级")
        assert isinstance(letter, QueueNotice)
        assert (letter.channel, letter.template) == ("letter", "dunning_letter")

    def test_does_nothing_when_all_is_paid_since(self) -> None:
        paid = [replace(item, open_amount=yuan(0), moved_on=after(2)) for item in (A, B)]

        assert (
            follow_the_plan(recorded(became_overdue(), after(1)), replace(FACTS, items=paid)) == []
        )

    def test_sends_one_notice_for_two_items_of_one_due_date(self) -> None:
        streams = Streams(TENANT)
        for item in (ITEM_A, ITEM_B):
            email, _ = follow_the_plan(recorded(became_overdue(item), after(1)), FACTS)
            assert isinstance(email, QueueNotice)
            streams.run(notice_handlers.queue_notice(email), at(after(1)))

        assert len(streams.recorded) == 1

    def test_sends_a_notice_and_opens_a_task_for_each_currency_of_a_due_date(self) -> None:
        dollars = Money(99_00, "USD")
        facts = replace(FACTS, items=[A, replace(B, open_amount=dollars, amount_before=dollars)])
        crossings = [
            became_overdue(ITEM_A),
            replace(became_overdue(ITEM_B), open_amount=dollars),
        ]
        streams = Streams(TENANT)

        for crossing in crossings:
            email, phone = follow_the_plan(recorded(crossing, after(1)), facts)
            assert isinstance(email, QueueNotice)
            assert isinstance(phone, OpenTask)
            streams.run(notice_handlers.queue_notice(email), at(after(1)))
            streams.run(task_handlers.open_task(phone), at(after(1)))

        assert [[item.open_amount for item in each.event.items] for each in streams.recorded] == [
            [yuan(235_000)],
            [yuan(235_000)],
            [dollars],
            [dollars],
        ]


class TestRaiseAnAlert:
    def test_names_grade_and_collector_as_they_were_seen(self) -> None:
        source = recorded(became_overdue(), after(1))

        (alert,) = when_invoice_became_overdue_raise_an_alert.react(source, FACTS)

        assert alert.alert_id == alert_id(source.id, 1, "default@1")
        assert (alert.grade, alert.collector_id) == ("较差", COLLECTOR)
        assert (alert.account.legal_entity, alert.account.number) == ("CN01", "C-1001")
        assert (alert.threshold_days, alert.effective_on) == (1, after(1))

    def test_has_another_id_for_another_crossing_of_the_same_item(self) -> None:
        first = recorded(became_overdue(), after(1), version=4)
        second = recorded(became_overdue(), after(1), version=9)

        ids = {
            when_invoice_became_overdue_raise_an_alert.react(source, FACTS)[0].alert_id
            for source in (first, second, first)
        }

        assert len(ids) == 2

    def test_does_not_hear_that_a_due_date_approaches(self) -> None:
        hears = set(when_invoice_became_overdue_raise_an_alert.HEARS)

        assert hears == {type(became_overdue()), type(reached(30))}


class TestOpenACase:
    def test_adds_the_item_to_the_accounts_case(self) -> None:
        (add,) = when_invoice_became_overdue_open_a_case.react(
            recorded(became_overdue(), after(1)), None
        )

        assert add.book == Book(TENANT, "CN01")
        assert (add.open_item_id, add.invoice_id) == (ITEM_A, INVOICE)
        assert add.effective_on == after(1)
