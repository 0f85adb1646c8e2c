"""Credit files over HTTP: how a customer pays, its score, its grade, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query
from starlette.responses import Response

from services.credit.files.domain.credit_file.events import (
    OTHER_CURRENCIES_LEFT_OUT,
    Cap,
    Indicator,
    Reason,
)
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
from services.credit.lines.domain.exposure import utilization
from services.credit.lines.projections.exposure_queries import limit_of, movements_of
from services.credit.scorecards.domain.behavior import Behavior, History, behavior, window_start
from services.credit.scorecards.domain.grade import UNRATED
from services.credit.scorecards.domain.scorecard import to_wire
from services.credit.scorecards.projections.behavior import histories_of
from shared.platform.http.models import Code, Id, Number
from shared.platform.http.moments import bounds, known_by
from shared.platform.http.paging import Paging
from shared.platform.http.problems import Problem
from shared.platform.http.queries import Moment, QueryContext
from shared.platform.http.views import CURSOR, NEXT, View, answers, said, shown
from shared.platform.projector.moment import KNOWN_EVER, At

REASONS_MAX: Final = 4  # costly reasons shown with a score; the event has them all

router = APIRouter(prefix="/credit-files", tags=["credit-files"])

ID: Final = "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11"
INDICATOR: Final = {
    "id": "ADBT",
    "status": "available",
    "value": "12.5714",
    "sub_score": 70,
    "weight": 30,
}
Grade = Literal["优质", "良好", "一般", "较差", "未评级"]


class CreditFileSummaryView(View, frozen=True, kw_only=True):
    """Grade and last score of an account."""

    account_id: Annotated[UUID, said("Whose it is.", ID)]
    legal_entity: Annotated[str, said("Code of the legal entity.", "CN01")]
    account_number: Annotated[str, said("The account's number.", "C-1001")]
    grade: Annotated[str, said("优质, 良好, 一般, 较差 or 未评级.", "良好")]
    grade_since: Annotated[date | None, said("The month end it is from.", "2026-02-28")]
    score: Annotated[str | None, said("Decimal text, 0 to 100.", "71.2500")]
    scored_as_of: Annotated[date | None, said("The month end it is of.", "2026-02-28")]


class CreditFilesView(View, frozen=True, kw_only=True):
    """A page of credit files."""

    as_of: Annotated[date | None, said("The day asked about; null: now.", "2026-03-14")]
    as_known: Annotated[
        datetime, said("What was learned later is left out.", "2026-03-14T00:00:00Z")
    ]
    items: Annotated[list[CreditFileSummaryView], said("In the order asked for.")]
    next: Annotated[str | None, said(NEXT, CURSOR)]


class ScoreView(View, frozen=True, kw_only=True):
    """A score with what made it, all of it in the account's currency."""

    as_of: Annotated[date, said("The month end it is of.", "2026-02-28")]
    score: Annotated[str | None, said("Decimal text, 0 to 100.", "71.2500")]
    band: Annotated[str | None, said("The grade the score alone would give.", "良好")]
    coverage: Annotated[str | None, said("Share of the applicable weights.", "0.8500")]
    allocations: Annotated[int | None, said("How many were in the window.", 12)]
    reasons: Annotated[
        list[Reason],
        said(
            "The costliest first; then what was left out.",
            [{"id": "LATE_AMT", "points_lost": "12.2807", "currencies": []}],
        ),
    ]
    caps: Annotated[
        list[Cap],
        said("Rules that allowed no better grade.", [{"id": "COVERAGE_BELOW_80", "grade": "较差"}]),
    ]
    indicators: Annotated[list[Indicator], said("All that was judged.", [INDICATOR])]


class ReviewView(View, frozen=True, kw_only=True):
    """One month end."""

    as_of: Annotated[date, said("The month end.", "2026-02-28")]
    score: Annotated[str | None, said("Null: too little to judge by.", "71.2500")]
    band: Annotated[str | None, said("The grade the score alone would give.", "良好")]
    coverage: Annotated[str | None, said("Share of the applicable weights.", "0.8500")]
    grade: Annotated[str, said("After it.", "良好")]


class BehaviorView(View, frozen=True, kw_only=True):
    """How the customer paid in a currency in twelve months up to the day, in decimal text."""

    window_after: Annotated[date, said("The window begins after this day.", "2025-03-14")]
    allocations: Annotated[int, said("How many were in the window.", 12)]
    adbt: Annotated[str | None, said("Average days beyond terms, by amount.", "4.2000")]
    payment_index: Annotated[str | None, said("Share paid in time, by amount.", "0.8100")]
    late_cnt: Annotated[str | None, said("Share of late invoices.", "0.2500")]
    late_amt: Annotated[str | None, said("Share of late money.", "0.1900")]
    max_dpd: Annotated[int | None, said("Most days past due seen.", 31)]
    trend: Annotated[str | None, said("Days beyond terms, late against early half.", "-1.5000")]
    tenure_months: Annotated[int | None, said("Months since the first invoice.", 26)]
    util: Annotated[
        str | None, said("Mean exposure over the limit; null: no limit in that currency.", "0.4000")
    ]


class OtherCurrencyView(View, frozen=True, kw_only=True):
    """How the customer paid in a currency that is not its account's; no score counts it."""

    currency: Annotated[str, said("ISO 4217 code.", "USD")]
    behavior: Annotated[BehaviorView, said("Up to that day.")]


class CreditFileView(View, frozen=True, kw_only=True):
    """The credit file of an account as of a day, as it was known at an instant."""

    account_id: Annotated[UUID, said("Whose it is.", ID)]
    version: Annotated[int, said("Its present version, as in the ETag.", 7)]
    legal_entity: Annotated[str, said("Code of the legal entity.", "CN01")]
    account_number: Annotated[str, said("The account's number.", "C-1001")]
    currency: Annotated[str, said("ISO 4217 code of the account.", "CNY")]
    opened_on: Annotated[date, said("When the account was opened.", "2024-01-05")]
    as_of: Annotated[date, said("The day asked about, or the account's today.", "2026-03-14")]
    as_known: Annotated[
        datetime, said("What was learned later is left out.", "2026-03-14T00:00:00Z")
    ]
    grade: Annotated[str, said("Of that day.", "良好")]
    grade_since: Annotated[date | None, said("The month end it is from.", "2026-02-28")]
    score: Annotated[ScoreView | None, said("The last one; null: none yet.")]
    behavior: Annotated[BehaviorView, said("In the account's currency, up to that day.")]
    other_currencies: Annotated[
        list[OtherCurrencyView], said("Each other with something to judge, by its code.")
    ]
    reviews: Annotated[list[ReviewView], said("The latest first.")]


@router.get("", summary="Grade and last score of every account", responses=answers(CreditFilesView))
async def list_credit_files(
    query: QueryContext,
    moment: Moment,
    paging: Paging,
    legal_entity: Annotated[list[Code] | None, Query()] = None,
    account_number: Annotated[list[Number] | None, Query()] = None,
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
    is_now = moment.as_of is None and moment.as_known is None
    at = At(moment.as_of or KNOWN_EVER.date(), known_by(moment), is_now)
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
        histories = await histories_of(connection, account, file.currency, as_known)
        reviews = await reviews_of(connection, *account, at)
        grades = await grades_of(connection, *account, at)
        limit = await limit_of(connection, account, as_of, as_known)
        movements = (
            ()
            if limit is None
            else await movements_of(connection, account, limit.currency, as_of, as_known)
        )
    used = None if limit is None else utilization(movements, limit, as_of)
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
        behavior=_behavior(behavior(histories.own, as_of), used),
        other_currencies=_others(histories.others, as_of),
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
        reasons=_shown_reasons(details.reasons),
        caps=details.caps,
        indicators=details.indicators,
    )


def _shown_reasons(reasons: Sequence[Reason]) -> list[Reason]:
    """The costliest, and in any case which currencies were left out."""
    left_out = [each for each in reasons if each.id == OTHER_CURRENCIES_LEFT_OUT]
    costly = [each for each in reasons if each.id != OTHER_CURRENCIES_LEFT_OUT]
    return [*costly[:REASONS_MAX], *left_out]


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


def _others(histories: Sequence[History], as_of: date) -> list[OtherCurrencyView]:
    seen = ((each.currency, behavior(each, as_of)) for each in histories)
    return [
        OtherCurrencyView(currency=currency, behavior=_behavior(found, None))
        for currency, found in seen
        if found.says_something
    ]


def _text(value: Fraction | None) -> str | None:
    return None if value is None else to_wire(value)
