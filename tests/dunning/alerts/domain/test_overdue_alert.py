from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.dunning.alerts.domain.overdue_alert import commands, decide, events
from services.dunning.alerts.domain.overdue_alert.decide import alert_id, overdue_alert
from tests.support.dunning import ACCOUNT, BOOK, COLLECTOR, DUE, ITEM_A, NUMBERS, after, at, yuan
from tests.support.spec import given

FIRST, SECOND = UUID(int=1), UUID(int=2)
RAISE = commands.RaiseAlert(
    book=BOOK,
    alert_id=alert_id(FIRST, 1, "default@1"),
    account=events.AlertAccount(id=ACCOUNT, legal_entity="CN01", number="C-1001"),
    open_item_id=ITEM_A,
    invoice_number=NUMBERS[ITEM_A],
    installment=1,
    due_on=DUE,
    time_zone="Asia/Shanghai",
    threshold_days=1,
    grade="一般",
    collector_id=COLLECTOR,
    open_amount=yuan(235_000),
    policy_version="default@1",
)
NOW = at(after(1), 1)
RAISED = events.OverdueAlertRaised(
    alert_id=RAISE.alert_id,
    account=RAISE.account,
    open_item_id=ITEM_A,
    invoice_number=NUMBERS[ITEM_A],
    installment=1,
    due_on=DUE,
    effective_on=after(1),
    threshold_days=1,
    grade="一般",
    collector_id=COLLECTOR,
    open_amount=yuan(235_000),
    policy_version="default@1",
)
RAISED_30 = replace(
    RAISED,
    alert_id=alert_id(SECOND, 30, "default@1"),
    threshold_days=30,
    effective_on=after(30),
    grade="较差",
)
RECOVER = commands.RecoverAlerts(
    book=BOOK, open_item_id=ITEM_A, open_amount=yuan(0), time_zone="Asia/Shanghai"
)
THEN = at(after(40), 1)


def recovered(alert: events.OverdueAlertRaised) -> events.OverdueAlertRecovered:
    return events.OverdueAlertRecovered(
        alert_id=alert.alert_id,
        account=alert.account,
        open_item_id=alert.open_item_id,
        invoice_number=alert.invoice_number,
        installment=alert.installment,
        due_on=alert.due_on,
        effective_on=after(40),
        threshold_days=alert.threshold_days,
        grade=alert.grade,
        collector_id=alert.collector_id,
        open_amount=yuan(0),
        policy_version=alert.policy_version,
    )


class TestAlertId:
    def test_is_the_same_for_the_same_crossing_only(self) -> None:
        assert alert_id(FIRST, 1, "default@1") == alert_id(FIRST, 1, "default@1")
        assert len({alert_id(c, t, p) for c in (FIRST, SECOND) for t in (1, 30) for p in "ab"}) == 8


class TestRaiseAlert:
    def test_raises_one_for_a_crossing(self) -> None:
        given(overdue_alert).when(decide.raise_alert, RAISE, now=NOW).then(RAISED)

    def test_dates_it_when_it_is_raised_in_the_days_of_the_account(self) -> None:
        late = at(after(100), 17)  # Past midnight in Shanghai.

        (raised,) = decide.raise_alert(RAISE, overdue_alert.initial, now=late).events

        assert raised.effective_on == after(101)
        given(overdue_alert).when(decide.raise_alert, RAISE, now=late).then_on(after(101))

    def test_stays_quiet_about_the_same_crossing(self) -> None:
        given(overdue_alert, RAISED).when(decide.raise_alert, RAISE, now=NOW).then_nothing()

    def test_stays_quiet_about_an_old_crossing_heard_again_after_the_cure(self) -> None:
        history = (RAISED, recovered(RAISED))

        given(overdue_alert, *history).when(decide.raise_alert, RAISE, now=NOW).then_nothing()

    def test_raises_another_for_a_second_overdue(self) -> None:
        again = replace(RAISE, alert_id=alert_id(SECOND, 1, "default@1"))
        expected = replace(RAISED, alert_id=again.alert_id)

        given(overdue_alert, RAISED, recovered(RAISED)).when(
            decide.raise_alert, again, now=NOW
        ).then(expected)


class TestRecoverAlerts:
    def test_recovers_each_that_is_raised(self) -> None:
        given(overdue_alert, RAISED, RAISED_30).when(decide.recover_alerts, RECOVER, now=THEN).then(
            recovered(RAISED), recovered(RAISED_30)
        )

    def test_dates_it_when_it_is_known_however_early_the_payment_was(self) -> None:
        given(overdue_alert, RAISED).when(decide.recover_alerts, RECOVER, now=THEN).then_on(
            after(40)
        )

    def test_stays_quiet_when_nothing_is_raised(self) -> None:
        given(overdue_alert).when(decide.recover_alerts, RECOVER, now=THEN).then_nothing()

    def test_happens_once(self) -> None:
        history = (RAISED, recovered(RAISED))

        given(overdue_alert, *history).when(decide.recover_alerts, RECOVER, now=THEN).then_nothing()
