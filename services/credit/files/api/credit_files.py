"""Credit files over HTTP: how a customer pays, its score, its grade, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query
from starlette.responses import Response

from services.credit.files.domain.credit_file.events import Cap, Indicator, Reason
from services.credit.files.projections.credit_file_queries import (
    Listed,
    Sort,
    Wanted,
    files,
    find_file,
    grades_of,
    key_of,
    reviews_of,
)
from services.credit.files.projections.credit_files import CreditGradeRow, CreditReviewRow
from services.credit.files.views.credit_file import (
    BehaviorView,
    CreditFileSummaryView,
    CreditFilesView,
    CreditFileView,
    Grade,
    ReviewView,
    ScoreView,
)
from services.credit.lines.domain.exposure import utilization
from services.credit.lines.projections.exposure_queries import limit_of, movements_of
from services.credit.scorecards.domain.behavior import Behavior, behavior, window_start
from services.credit.scorecards.domain.grade import UNRATED
from services.credit.scorecards.domain.scorecard import to_wire
from services.credit.scorecards.projections.behavior import history_of
from shared.platform.http.models import Code, Id, ShortText
from shared.platform.http.moments import bounds, known_by
from shared.platform.http.paging import Paging
from shared.platform.http.problems import Problem
from shared.platform.http.queries import Moment, QueryContext
from shared.platform.http.views import answers, shown
from shared.platform.projector.moment import KNOWN_EVER, At

REASONS_MAX: Final = 4  # reasons shown with a score; the event has them all

router = APIRouter(prefix="/credit-files", tags=["credit-files"])


@router.get("", summary="Grade and last score of every account", responses=answers(CreditFilesView))
async def list_credit_files(
    query: QueryContext,
    moment: Moment,
    paging: Paging,
    legal_entity: Annotated[list[Code] | None, Query()] = None,
    account_number: Annotated[list[ShortText] | None, Query()] = None,
    grade: Annotated[list[Grade] | None, Query()] = None,
    sort: Annotated[Sort, Query(description="score: the worst first")] = "account_number",
) -> Response:
    wanted = Wanted(
        tenant_id=query.tenant_id,
        legal_entities=legal_entity or (),
        account_numbers=account_number or (),
        grades=grade or (),
        sort=sort,
    )
    at = At(moment.as_of or KNOWN_EVER.date(), known_by(moment), is_now=False)
    async with query.of("credit_files") as connection:
        found = await files(connection, wanted, at, after=paging.after, limit=paging.limit)
    cut = paging.page(found, lambda listed: key_of(sort, listed))
    return shown(
        CreditFilesView(
            as_of=moment.as_of,
            as_known=moment.as_known or query.now,
            items=[_summary(each) for each in cut.items],
            next=cut.next,
        )
    )


@router.get(
    "/{account_id}",
    summary="The credit file of an account (信用档案)",
    responses=answers(CreditFileView),
)
async def show_credit_file(account_id: Id, query: QueryContext, moment: Moment) -> Response:
    account, as_known = (query.tenant_id, account_id), known_by(moment)
    async with query.of("credit_files", "behavior", "exposure") as connection:
        file = await find_file(connection, *account)
        if file is None:
            raise Problem("not-found")
        at = bounds(query, moment, [file.time_zone]).at
        as_of = at.as_of
        history = await history_of(connection, *account, as_known)
        reviews = await reviews_of(connection, *account, at)
        grades = await grades_of(connection, *account, at)
        limit_minor = await limit_of(connection, account, as_of, as_known)
        movements = (
            () if limit_minor is None else await movements_of(connection, account, as_of, as_known)
        )
    used = None if limit_minor is None else utilization(movements, limit_minor, as_of)
    scored = next((each for each in reviews if _is_scored(each, at)), None)
    view = CreditFileView(
        account_id=account_id,
        version=file.version,
        legal_entity=file.legal_entity,
        account_number=file.account_number,
        currency=file.currency,
        opened_on=file.opened_on,
        as_of=as_of,
        as_known=moment.as_known or query.now,
        grade=grades[0].grade if grades else UNRATED,
        grade_since=grades[0].as_of if grades else None,
        score=None if scored is None else _score(scored),
        behavior=_behavior(behavior(history, as_of), used),
        reviews=[_review(each, grades, at) for each in reviews],
    )
    return shown(view, version=file.version)


def _summary(each: Listed) -> CreditFileSummaryView:
    return CreditFileSummaryView(
        account_id=each.account_id,
        legal_entity=each.legal_entity,
        account_number=each.account_number,
        grade=each.grade,
        grade_since=each.grade_since,
        score=each.score,
        scored_as_of=each.scored_as_of,
    )


def _is_scored(review: CreditReviewRow, at: At) -> bool:
    return review.scored_at is not None and review.scored_at <= at.as_known


class _Details(msgspec.Struct):
    """What a review keeps of a score beside its columns."""

    reasons: list[Reason]
    caps: list[Cap]
    indicators: list[Indicator]


def _score(review: CreditReviewRow) -> ScoreView:
    details = msgspec.json.decode(review.details or "{}", type=_Details)
    return ScoreView(
        as_of=review.as_of,
        score=review.score,
        band=review.band,
        coverage=review.coverage,
        allocations=review.allocations,
        reasons=details.reasons[:REASONS_MAX],
        caps=details.caps,
        indicators=details.indicators,
    )


def _review(review: CreditReviewRow, grades: Sequence[CreditGradeRow], at: At) -> ReviewView:
    is_scored = _is_scored(review, at)
    return ReviewView(
        as_of=review.as_of,
        score=review.score if is_scored else None,
        band=review.band if is_scored else None,
        coverage=review.coverage if is_scored else None,
        grade=_grade_on(review.as_of, grades),
    )


def _grade_on(day: date, grades: Sequence[CreditGradeRow]) -> str:
    """Of changes with the latest first."""
    return next((each.grade for each in grades if each.as_of <= day), UNRATED)


def _behavior(seen: Behavior, used: Fraction | None) -> BehaviorView:
    return BehaviorView(
        window_after=window_start(seen.as_of),
        allocations=seen.allocations,
        adbt=_text(seen.adbt),
        payment_index=_text(seen.payment_index),
        late_cnt=_text(seen.late_cnt),
        late_amt=_text(seen.late_amt),
        max_dpd=seen.max_dpd,
        trend=_text(seen.trend),
        tenure_months=seen.tenure_months,
        util=_text(used),
    )


def _text(value: Fraction | None) -> str | None:
    return None if value is None else to_wire(value)
