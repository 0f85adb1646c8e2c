from __future__ import annotations

from services.dunning.accounts.domain.account_facts import AccountFacts
from services.dunning.alerts.domain.overdue_alert.decide import overdue_alert
from services.dunning.alerts.domain.overdue_alert.events import (
    OverdueAlertRaised,
    OverdueAlertRecovered,
)
from services.dunning.alerts.handlers import overdue_alert as alert_handlers
from services.dunning.alerts.reactions import (
    when_invoice_became_overdue_raise_an_alert,
    when_overdue_was_cured_recover_its_alerts,
)
from services.dunning.work.domain.case.decide import case_stream
from services.dunning.work.handlers import case as case_handlers
from services.dunning.work.reactions import (
    when_overdue_was_cured_close_the_case,
    when_threshold_was_reached_note_the_step,
)
from tests.support.cases import ZONE
from tests.support.dunning import (
    ACCOUNT,
    BOOK,
    ITEM_A,
    TENANT,
    after,
    at,
    became_overdue,
    cured,
    reached,
    recorded,
)
from tests.support.spec import Streams

FACTS = AccountFacts(
    time_zone=ZONE,
    take_over_on=None,
    collector_id=None,
    grades=(),
    latest_step=None,
    is_settled=False,
)


class TestRecoverItsAlerts:
    def test_recovers_one_for_each_raised(self) -> None:
        streams = Streams(TENANT)
        for source in (
            recorded(became_overdue(), after(1), version=3),
            recorded(reached(30), after(30), version=4),
        ):
            for alert in when_invoice_became_overdue_raise_an_alert.react(source, FACTS):
                streams.run(alert_handlers.raise_alert(alert), at(after(30)))
        for command in when_overdue_was_cured_recover_its_alerts.react(
            recorded(cured(), after(40), version=6), ZONE
        ):
            streams.run(alert_handlers.recover_alerts(command), at(after(40)))

        happened = streams.events_of(overdue_alert.stream(BOOK, str(ITEM_A)))
        assert [type(event) for event in happened] == [
            OverdueAlertRaised,
            OverdueAlertRaised,
            OverdueAlertRecovered,
            OverdueAlertRecovered,
        ]
        assert [event.alert_id for event in happened[:2]] == [
            event.alert_id for event in happened[2:]
        ]

    def test_writes_a_raised_alert_under_its_own_id(self) -> None:
        source = recorded(became_overdue(), after(1))
        (alert,) = when_invoice_became_overdue_raise_an_alert.react(source, FACTS)
        work = alert_handlers.raise_alert(alert)

        streams = Streams(TENANT)
        (change,) = work.decide(streams._states(work.streams, at(after(1))))

        assert list(change.ids) == [alert.alert_id]


class TestCloseTheCase:
    def test_closes_the_case_of_the_accounts_currency(self) -> None:
        """Dated when it is known: the payment was dated nine days before the due date."""
        streams = Streams(TENANT)
        (note,) = when_threshold_was_reached_note_the_step.react(
            recorded(became_overdue(), after(1)), FACTS
        )
        (remove,) = when_overdue_was_cured_close_the_case.react(recorded(cured(), after(-9)), ZONE)
        streams.run(case_handlers.note_step(note), at(after(1)))
        streams.run(case_handlers.remove_cured_item(remove), at(after(9)))

        stream = case_stream(BOOK, account_id=ACCOUNT, currency="CNY")
        happened = [each for each in streams.recorded if each.stream_id == stream.id]
        assert [(type(each.event).__name__, each.effective_on) for each in happened] == [
            ("CaseOpened", after(1)),
            ("OpenItemAdded", after(1)),
            ("CaseStepReached", after(1)),
            ("OpenItemRemoved", after(9)),
            ("CaseClosed", after(9)),
        ]
