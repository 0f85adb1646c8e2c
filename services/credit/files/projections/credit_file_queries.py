"""Questions asked of the credit files: grade and score of a day, and how they came about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import LateralFromClause

from services.credit.files.projections.credit_files import (
    UNSCORED_POINTS,
    CreditFileRow,
    CreditGradeRow,
    CreditReviewRow,
    credit_file,
    credit_grade,
    credit_review,
)
from services.credit.scorecards.domain.grade import UNRATED
from shared.platform.projector.keyset import find, rows_after, rows_of
from shared.platform.projector.moment import At
from shared.platform.projector.then import happened_by

HISTORY_MAX: Final = 120  # reviews shown in one file: ten years

Sort = Literal["account_number", "score"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A file in a list: its grade and its last score."""

    account_id: UUID
    legal_entity: str
    account_number: str
    grade: str
    grade_since: date | None
    score: str | None
    scored_as_of: date | None
    sort_points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which files, in which order; empty filters mean all."""

    tenant_id: UUID
    legal_entities: Sequence[str] = ()
    account_numbers: Sequence[str] = ()
    grades: Sequence[str] = ()
    sort: Sort = "account_number"


async def find_file(
    connection: AsyncConnection, tenant_id: UUID, account_id: UUID
) -> CreditFileRow | None:
    return await find(connection, CreditFileRow, tenant_id=tenant_id, account_id=account_id)


async def reviews_of(
    connection: AsyncConnection, tenant_id: UUID, account_id: UUID, at: At
) -> Sequence[CreditReviewRow]:
    """The latest first."""
    row = credit_review.c
    found = await connection.execute(
        sa.select(credit_review)
        .where(
            row.tenant_id == tenant_id,
            row.account_id == account_id,
            *happened_by(at, row.as_of, row.started_at),
        )
        .order_by(row.as_of.desc())
        .limit(HISTORY_MAX)
    )
    return rows_of(CreditReviewRow, found)


async def grades_of(
    connection: AsyncConnection, tenant_id: UUID, account_id: UUID, at: At
) -> Sequence[CreditGradeRow]:
    """The latest first."""
    row = credit_grade.c
    found = await connection.execute(
        sa.select(credit_grade)
        .where(
            row.tenant_id == tenant_id,
            row.account_id == account_id,
            *happened_by(at, row.as_of, row.recorded_at),
        )
        .order_by(row.as_of.desc())
        .limit(HISTORY_MAX)
    )
    return rows_of(CreditGradeRow, found)


async def files(
    connection: AsyncConnection,
    wanted: Wanted,
    at: At,
    *,
    after: Sequence[str] | None,
    limit: int,
) -> Sequence[Listed]:
    """Up to limit + 1 in the wanted order; `after` is the key of the last one seen, of `key_of`.

    Now they come from an index: of no other file than those shown is the grade or review looked up.
    """
    file = credit_file.c
    grade, review = _grade(at), _review(at)
    then = sa.func.coalesce(review.c.score_points, UNSCORED_POINTS)
    points = file.sort_points if at.is_now else then
    shown = sa.func.coalesce(grade.c.grade, UNRATED)
    query = (
        sa.select(
            file.account_id,
            file.legal_entity,
            file.account_number,
            shown.label("grade"),
            grade.c.as_of.label("grade_since"),
            review.c.score,
            review.c.as_of.label("scored_as_of"),
            points.label("sort_points"),
        )
        .select_from(credit_file.outerjoin(grade, sa.true()).outerjoin(review, sa.true()))
        .where(file.tenant_id == wanted.tenant_id)
    )
    for column, values in (
        (file.legal_entity, wanted.legal_entities),
        (file.account_number, wanted.account_numbers),
        (shown, wanted.grades),
    ):
        if values:
            query = query.where(column.in_(values))
    account = [file.legal_entity, file.account_number]
    order = [points, *account] if wanted.sort == "score" else account
    return [Listed(**row) for row in await rows_after(connection, query, order, after, limit)]


def key_of(sort: Sort, listed: Listed) -> tuple[str, ...]:
    """Where a list ended."""
    account = (listed.legal_entity, listed.account_number)
    return (str(listed.sort_points), *account) if sort == "score" else account


def _grade(at: At) -> LateralFromClause:
    row = credit_grade.c
    return (
        sa.select(row.grade, row.as_of)
        .where(
            row.tenant_id == credit_file.c.tenant_id,
            row.account_id == credit_file.c.account_id,
            *happened_by(at, row.as_of, row.recorded_at),
        )
        .order_by(row.as_of.desc())
        .limit(1)
        .lateral("last_grade")
    )


def _review(at: At) -> LateralFromClause:
    row = credit_review.c
    return (
        sa.select(row.score, row.score_points, row.as_of)
        .where(
            row.tenant_id == credit_file.c.tenant_id,
            row.account_id == credit_file.c.account_id,
            *happened_by(at, row.as_of, row.scored_at),
        )
        .order_by(row.as_of.desc())
        .limit(1)
        .lateral("last_review")
    )
