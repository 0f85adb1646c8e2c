"""How good is a customer, since when and why? Files, their month-end reviews, and their grades."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from services.credit.contract import inbox
from services.credit.contract.tables import METADATA
from services.credit.files.domain.credit_file import events
from shared.kernel.decider import expect
from shared.kernel.envelope import Recorded
from shared.platform.codec import to_json
from shared.platform.projector.port import Key, Need, Projection, ReadModel, Rows


@dataclass(frozen=True, slots=True)
class CreditFile:
    """An account; `version` of its file is 0 until this service has opened it."""

    tenant_id: UUID
    account_id: UUID
    legal_entity: str
    account_number: str
    time_zone: str
    currency: str
    opened_on: date
    version: int


@dataclass(frozen=True, slots=True)
class CreditReview:
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


@dataclass(frozen=True, slots=True)
class CreditGrade:
    """A grade from the month end `as_of` on."""

    tenant_id: UUID
    account_id: UUID
    as_of: date
    grade: str
    from_grade: str
    recorded_at: datetime


credit_file: Final = sa.Table(
    "credit_file",
    METADATA,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("account_id", sa.Uuid, primary_key=True),
    sa.Column("legal_entity", sa.Text, nullable=False),
    sa.Column("account_number", sa.Text, nullable=False),
    sa.Column("time_zone", sa.Text, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("opened_on", sa.Date, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Index("credit_file_number", "tenant_id", "legal_entity", "account_number"),
)

credit_review: Final = sa.Table(
    "credit_review",
    METADATA,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("account_id", sa.Uuid, primary_key=True),
    sa.Column("as_of", sa.Date, primary_key=True),
    sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("scored_at", sa.DateTime(timezone=True)),
    sa.Column("score_points", sa.Integer),
    sa.Column("score", sa.Text),
    sa.Column("coverage", sa.Text),
    sa.Column("band", sa.Text),
    sa.Column("allocations", sa.Integer),
    sa.Column("details", sa.Text),
)

credit_grade: Final = sa.Table(
    "credit_grade",
    METADATA,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("account_id", sa.Uuid, primary_key=True),
    sa.Column("as_of", sa.Date, primary_key=True),
    sa.Column("grade", sa.Text, nullable=False),
    sa.Column("from_grade", sa.Text, nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
)

FILE: Final = ReadModel(credit_file, CreditFile)
REVIEW: Final = ReadModel(credit_review, CreditReview)
GRADE: Final = ReadModel(credit_grade, CreditGrade)


def needs(recorded_events: Sequence[Recorded[Any]]) -> Iterable[Need]:
    for recorded in recorded_events:
        match recorded.event:
            case inbox.AccountOpened() | events.CreditFileOpened():
                yield Need(FILE, _file_key(recorded))
            case events.CreditFileReviewStarted() | events.CreditFileScored() as event:
                yield Need(FILE, _file_key(recorded))
                yield Need(REVIEW, (*_file_key(recorded), event.as_of))
            case events.CreditFileGradeChanged():
                yield Need(FILE, _file_key(recorded))
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
                _move(rows, recorded)
                _scored(rows, recorded)
            case events.CreditFileGradeChanged():
                _move(rows, recorded)
                _grade_changed(rows, recorded)
            case _:
                pass  # Invoices and payments are for other read models.
    return rows


READ_MODEL: Final = Projection(
    "credit_files", ("ledger", "credit"), (FILE, REVIEW, GRADE), needs, fold
)


def _file_key(recorded: Recorded[Any]) -> Key:
    return (recorded.tenant_id, recorded.account_id)


def _account_opened(rows: Rows, recorded: Recorded[inbox.AccountOpened]) -> None:
    """The topics have no order between them: the file may have been heard of before."""
    event = recorded.event
    if rows.get(FILE, _file_key(recorded)) is None:
        rows.put(
            CreditFile(
                tenant_id=recorded.tenant_id,
                account_id=event.account_id,
                legal_entity=event.legal_entity,
                account_number=event.number,
                time_zone=event.time_zone,
                currency=event.currency,
                opened_on=event.opened_on,
                version=0,
            ),
        )


def _file_opened(rows: Rows, recorded: Recorded[events.CreditFileOpened]) -> None:
    event = recorded.event
    rows.put(
        CreditFile(
            tenant_id=recorded.tenant_id,
            account_id=event.account_id,
            legal_entity=event.legal_entity,
            account_number=event.account_number,
            time_zone=event.time_zone,
            currency=event.currency,
            opened_on=event.opened_on,
            version=recorded.version,
        ),
    )


def _move(rows: Rows, recorded: Recorded[Any]) -> None:
    file = rows.get(FILE, _file_key(recorded))
    rows.put(replace(expect(file, CreditFile), version=recorded.version))


def _review_started(rows: Rows, recorded: Recorded[events.CreditFileReviewStarted]) -> None:
    rows.put(
        CreditReview(
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
    review = rows.get(REVIEW, (*_file_key(recorded), event.as_of))
    details = {"indicators": event.indicators, "reasons": event.reasons, "caps": event.caps}
    rows.put(
        replace(
            expect(review, CreditReview),
            scored_at=recorded.recorded_at,
            score_points=int(event.score.replace(".", "")),
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
        CreditGrade(
            tenant_id=recorded.tenant_id,
            account_id=event.account_id,
            as_of=event.as_of,
            grade=event.to_grade,
            from_grade=event.from_grade,
            recorded_at=recorded.recorded_at,
        ),
    )
