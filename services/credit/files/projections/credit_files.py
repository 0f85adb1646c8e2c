"""How good is a customer, since when and why? Files, their month-end reviews, and their grades."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from services.credit.contract import inbox
from services.credit.files.domain.credit_file import events
from shared.kernel.decider import expect
from shared.kernel.envelope import Recorded
from shared.platform.codec import to_json
from shared.platform.projector.port import Key, Need, Projection, Rows
from shared.platform.projector.rows import Index, row, table_of

UNSCORED_POINTS: Final = 2_000_000  # sorts behind every score (ten-thousandths of a point)


@row(
    table="credit_file",
    key=("tenant_id", "account_id"),
    indexes=(
        Index(("tenant_id", "legal_entity", "account_number")),
        Index(("tenant_id", "sort_points", "legal_entity", "account_number")),
    ),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class CreditFileRow:
    """An account; `version` of its file is 0 until this service has opened it."""

    tenant_id: UUID
    account_id: UUID
    legal_entity: str
    account_number: str
    time_zone: str
    currency: str
    opened_on: date
    scored_as_of: date | None  # Of the last month end with a score,
    sort_points: int  # whose points these are; without one UNSCORED_POINTS.
    version: int


@row(table="credit_review", key=("tenant_id", "account_id", "as_of"))
@dataclass(frozen=True, slots=True, kw_only=True)
class CreditReviewRow:
    """One month end. Without a score there was too little to judge by."""

    tenant_id: UUID
    account_id: UUID
    as_of: date
    started_at: datetime
    scored_at: datetime | None
    score_points: int | None  # Ten-thousandths of a point, to sort by.
    score: str | None
    coverage: str | None
    band: str | None
    allocations: int | None
    details: str | None  # JSON: indicators, reasons, caps.


@row(table="credit_grade", key=("tenant_id", "account_id", "as_of"))
@dataclass(frozen=True, slots=True, kw_only=True)
class CreditGradeRow:
    """A grade from the month end `as_of` on."""

    tenant_id: UUID
    account_id: UUID
    as_of: date
    grade: str
    from_grade: str
    recorded_at: datetime


credit_file: Final = table_of(CreditFileRow)

credit_review: Final = table_of(CreditReviewRow)

credit_grade: Final = table_of(CreditGradeRow)


def needs(recorded_events: Sequence[Recorded[Any]]) -> Iterable[Need]:
    for recorded in recorded_events:
        match recorded.event:
            case inbox.AccountOpened() | events.CreditFileOpened():
                yield Need(CreditFileRow, _file_key(recorded))
            case events.CreditFileReviewStarted() | events.CreditFileScored() as event:
                yield Need(CreditFileRow, _file_key(recorded))
                yield Need(CreditReviewRow, (*_file_key(recorded), event.as_of))
            case events.CreditFileGradeChanged():
                yield Need(CreditFileRow, _file_key(recorded))
            case _:
                pass


def fold(rows: Rows, recorded_events: Sequence[Recorded[Any]]) -> Rows:
    for recorded in recorded_events:
        match recorded.event:
            case inbox.AccountOpened():
                _account_opened(rows, recorded)
            case events.CreditFileOpened():
                _file_opened(rows, recorded)
            case events.CreditFileReviewStarted():
                _move(rows, recorded)
                _review_started(rows, recorded)
            case events.CreditFileScored():
                _scored(rows, recorded)
            case events.CreditFileGradeChanged():
                _move(rows, recorded)
                _grade_changed(rows, recorded)
            case _:
                pass  # Invoices and payments are for other read models.
    return rows


READ_MODEL: Final = Projection(
    "credit_files",
    ("ledger", "credit"),
    (CreditFileRow, CreditReviewRow, CreditGradeRow),
    needs,
    fold,
)


def _file_key(recorded: Recorded[Any]) -> Key:
    return (recorded.tenant_id, recorded.account_id)


def _account_opened(rows: Rows, recorded: Recorded[inbox.AccountOpened]) -> None:
    """The topics have no order between them: the file may have been heard of before."""
    event = recorded.event
    if rows.get(CreditFileRow, _file_key(recorded)) is None:
        rows.put(
            CreditFileRow(
                tenant_id=recorded.tenant_id,
                account_id=event.account_id,
                legal_entity=event.legal_entity,
                account_number=event.number,
                time_zone=event.time_zone,
                currency=event.currency,
                opened_on=event.opened_on,
                scored_as_of=None,
                sort_points=UNSCORED_POINTS,
                version=0,
            ),
        )


def _file_opened(rows: Rows, recorded: Recorded[events.CreditFileOpened]) -> None:
    event = recorded.event
    rows.put(
        CreditFileRow(
            tenant_id=recorded.tenant_id,
            account_id=event.account_id,
            legal_entity=event.legal_entity,
            account_number=event.account_number,
            time_zone=event.time_zone,
            currency=event.currency,
            opened_on=event.opened_on,
            scored_as_of=None,
            sort_points=UNSCORED_POINTS,
            version=recorded.version,
        ),
    )


def _move(rows: Rows, recorded: Recorded[Any]) -> None:
    file = rows.get(CreditFileRow, _file_key(recorded))
    rows.put(replace(expect(file, CreditFileRow), version=recorded.version))


def _review_started(rows: Rows, recorded: Recorded[events.CreditFileReviewStarted]) -> None:
    rows.put(
        CreditReviewRow(
            tenant_id=recorded.tenant_id,
            account_id=recorded.event.account_id,
            as_of=recorded.event.as_of,
            started_at=recorded.recorded_at,
            scored_at=None,
            score_points=None,
            score=None,
            coverage=None,
            band=None,
            allocations=None,
            details=None,
        ),
    )


def _scored(rows: Rows, recorded: Recorded[events.CreditFileScored]) -> None:
    event = recorded.event
    review = rows.get(CreditReviewRow, (*_file_key(recorded), event.as_of))
    details = {"indicators": event.indicators, "reasons": event.reasons, "caps": event.caps}
    points = int(event.score.replace(".", ""))
    _move(rows, recorded)
    file = expect(rows.get(CreditFileRow, _file_key(recorded)), CreditFileRow)
    if file.scored_as_of is None or file.scored_as_of <= event.as_of:
        rows.put(replace(file, scored_as_of=event.as_of, sort_points=points))
    rows.put(
        replace(
            expect(review, CreditReviewRow),
            scored_at=recorded.recorded_at,
            score_points=points,
            score=event.score,
            coverage=event.coverage,
            band=event.band,
            allocations=event.allocations,
            details=to_json(details).decode(),
        ),
    )


def _grade_changed(rows: Rows, recorded: Recorded[events.CreditFileGradeChanged]) -> None:
    event = recorded.event
    rows.put(
        CreditGradeRow(
            tenant_id=recorded.tenant_id,
            account_id=event.account_id,
            as_of=event.as_of,
            grade=event.to_grade,
            from_grade=event.from_grade,
            recorded_at=recorded.recorded_at,
        ),
    )
