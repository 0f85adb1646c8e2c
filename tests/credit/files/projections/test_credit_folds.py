"""The read models of credit as pure folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.credit.files.domain.credit_file import events as file_events
from services.credit.files.projections import credit_files
from services.credit.lines.domain.credit_line import events as line_events
from services.credit.lines.projections import exposure
from services.credit.runtime.wiring import AREAS
from services.credit.scorecards.projections import behavior
from shared.kernel.decider import CorruptHistory
from shared.kernel.envelope import Recorded
from shared.kernel.ids import derived, stream_id
from shared.platform.area import events_of
from shared.platform.projector.port import Projection
from tests.support.credit_book import ENTITY, TENANT, ZONE, LedgerSays, account_id, cny, noon
from tests.support.credit_samples import SAMPLES
from tests.support.projecting import Tables, project

NAMES: Final = {kind: name for name, kind in events_of(AREAS).items()}
PROJECTIONS: Final = (behavior.READ_MODEL, exposure.READ_MODEL, credit_files.READ_MODEL)
DAY: Final = date(2026, 1, 5)
MONTH_END: Final = date(2026, 1, 31)


def ledger_story() -> LedgerSays:
    says = LedgerSays()
    account = says.opened("C-1", DAY)
    kept = says.issued(account, "A", "300.00", on=DAY, due_on=MONTH_END)
    other = says.issued(account, "B", "40.00", on=DAY, due_on=MONTH_END)
    payment = says.paid(account, kept, "300.00", on=date(2026, 1, 20), due_on=MONTH_END)
    says.canceled(account, other, "40.00", on=date(2026, 1, 21))
    says.reversed(account, payment, kept, "300.00", date(2026, 1, 22))
    return says


def credit_story() -> Sequence[Recorded[Any]]:
    """Of the same account."""
    account = account_id("C-1")
    file = stream_id(TENANT, ENTITY, "credit_file", str(account))
    line = stream_id(TENANT, ENTITY, "credit_line", str(account))
    scored = next(each for each in SAMPLES if isinstance(each, file_events.CreditFileScored))
    opened = file_events.CreditFileOpened(
        account_id=account,
        account_number="C-1",
        legal_entity=ENTITY,
        time_zone=ZONE,
        currency="CNY",
        opened_on=DAY,
        recorded_on=DAY,
    )
    changed = file_events.CreditFileGradeChanged(
        account_id=account,
        as_of=scored.as_of,
        from_grade="未评级",
        to_grade="较差",
        score=scored.score,
    )
    limit = line_events.CreditLineLimitSet(
        account_id=account, account_number="C-1", limit=cny("5.00"), previous=None
    )
    review = file_events.CreditFileReviewStarted(account_id=account, as_of=scored.as_of)
    return [
        *(recorded(file, n, event) for n, event in enumerate([opened, review, scored, changed], 1)),
        recorded(line, 1, limit),
    ]


def recorded(stream: UUID, version: int, event: object) -> Recorded[Any]:
    return Recorded(
        event=event,
        type=NAMES[type(event)],
        id=derived(stream, "event", version),
        stream_id=stream,
        version=version,
        tenant_id=TENANT,
        account_id=account_id("C-1"),
        legal_entity=ENTITY,
        effective_on=MONTH_END,
        recorded_at=datetime(2026, 1, 31, 16, tzinfo=UTC),
    )


def only(tables: Tables, name: str) -> Any:
    (row,) = tables[name].values()
    return row


def two_installments(*, canceled: bool) -> Sequence[Recorded[Any]]:
    """An invoice of 300.00 and 40.00, and its cancellation in full."""
    says = LedgerSays()
    account = says.opened("C-1", DAY)
    invoice = says.issued(account, "A", "300.00", on=DAY, due_on=MONTH_END)
    opened, issued = says.events
    (first,) = issued.event.installments
    second = replace(first, open_item_id=derived(invoice, "open_item", 2), amount=cny("40.00"))
    parts = (first, second)
    whole = replace(issued.event, total=cny("340.00"), installments=parts)
    story = [opened, issued._replace(event=whole)]
    if canceled:
        says.canceled(account, invoice, "300.00", on=date(2026, 1, 21))
        given_back = replace(says.events[-1].event, installments=parts)
        story.append(says.events[-1]._replace(event=given_back))
    return story


class TestSeveralInstallments:
    @pytest.mark.parametrize(("canceled", "owed"), [(False, 340_00), (True, 0)])
    def test_are_all_exposure_and_all_given_back(self, canceled: bool, owed: int) -> None:
        tables = project(exposure.READ_MODEL, two_installments(canceled=canceled))

        assert sum(row.minor for row in tables["exposure_movement"].values()) == owed

    @pytest.mark.parametrize(("canceled", "on"), [(False, None), (True, date(2026, 1, 21))])
    def test_are_each_judged_as_an_open_item(self, canceled: bool, on: date | None) -> None:
        tables = project(behavior.READ_MODEL, two_installments(canceled=canceled))

        rows = sorted(tables["behavior_invoice"].values(), key=lambda row: row.total_minor)
        assert [(row.total_minor, row.canceled_on) for row in rows] == [(40_00, on), (300_00, on)]


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda each: each.name)
class TestEveryProjection:
    @given(batch=st.integers(1, 20), pattern=st.lists(st.booleans(), min_size=30, max_size=30))
    def test_does_not_depend_on_batches_nor_on_which_topic_is_faster(
        self, projection: Projection, batch: int, pattern: list[bool]
    ) -> None:
        ledger, credit = list(ledger_story().events), list(credit_story())
        straight = project(projection, [*ledger, *credit])
        mixed = []
        for from_ledger in pattern:
            first, second = (ledger, credit) if from_ledger else (credit, ledger)
            mixed.append((first or second).pop(0)) if first or second else None
        mixed += [*ledger, *credit]

        assert project(projection, mixed, batch=batch) == straight

    def test_has_rows_of_the_columns_in_their_order(self, projection: Projection) -> None:
        for model in projection.models:
            names = [column.name for column in model.table.columns]
            assert names == list(model.row.__dataclass_fields__)
            assert names[0] == "tenant_id"


class TestBehaviorFold:
    def test_notes_what_was_canceled_and_taken_back_beside_what_it_undoes(self) -> None:
        tables = project(behavior.READ_MODEL, ledger_story().events)

        invoices = sorted(tables["behavior_invoice"].values(), key=lambda row: row.total_minor)
        assert [(row.total_minor, row.canceled_on) for row in invoices] == [
            (40_00, date(2026, 1, 21)),
            (300_00, None),
        ]
        assert invoices[0].cancel_recorded_at == noon(date(2026, 1, 21))
        allocation = only(tables, "behavior_allocation")
        assert (allocation.value_on, allocation.unapplied_on) == (
            date(2026, 1, 20),
            date(2026, 1, 22),
        )

    def test_stops_when_something_is_undone_that_never_was(self) -> None:
        says = ledger_story()
        with pytest.raises(CorruptHistory):
            project(behavior.READ_MODEL, says.events[-1:])


class TestExposureFold:
    def test_moves_by_documents_and_money_and_never_by_allocations(self) -> None:
        tables = project(exposure.READ_MODEL, [*ledger_story().events, *credit_story()])

        moved = sorted(
            (row.effective_on.day, row.minor) for row in tables["exposure_movement"].values()
        )
        assert moved == [(5, 40_00), (5, 300_00), (20, -300_00), (21, -40_00), (22, 300_00)]
        assert only(tables, "exposure_limit").limit_minor == 5_00
        assert only(tables, "exposure_account").account_number == "C-1"


class TestCreditFilesFold:
    def test_keeps_file_review_and_grade(self) -> None:
        tables = project(credit_files.READ_MODEL, [*ledger_story().events, *credit_story()])

        assert only(tables, "credit_file").version == 4
        review = only(tables, "credit_review")
        assert (review.score, review.score_points, review.band) == ("46.9697", 469_697, "较差")
        assert only(tables, "credit_grade").grade == "较差"

    def test_knows_an_account_before_its_file_is_open(self) -> None:
        tables = project(credit_files.READ_MODEL, ledger_story().events[:1])

        assert only(tables, "credit_file").version == 0
