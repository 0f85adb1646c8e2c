"""What a credit file looks like (信用档案): how a customer pays, its score, its grade, and why."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from services.credit.files.domain.credit_file.events import Cap, Indicator, Reason
from shared.platform.http.views import View, said

ID: Final = "0c1f6f0e-8c52-5d6c-9d4b-3a1f0b8f2a11"
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
    as_known: Annotated[datetime, said("What was learned later is left out.", "2026-03-14T00:00Z")]
    items: Annotated[list[CreditFileSummaryView], said("In the order asked for.", [])]
    next: Annotated[str | None, said("The cursor of the page after this one.", None)]


class ScoreView(View, frozen=True, kw_only=True):
    """A score with what made it."""

    as_of: Annotated[date, said("The month end it is of.", "2026-02-28")]
    score: Annotated[str | None, said("Decimal text, 0 to 100.", "71.2500")]
    band: Annotated[str | None, said("The grade the score alone would give.", "良好")]
    coverage: Annotated[str | None, said("Share of the applicable weights.", "0.8500")]
    allocations: Annotated[int | None, said("How many were in the window.", 12)]
    reasons: Annotated[list[Reason], said("The costliest first.", [])]
    caps: Annotated[list[Cap], said("Rules that allowed no better grade.", [])]
    indicators: Annotated[list[Indicator], said("All that was judged.", [])]


class ReviewView(View, frozen=True, kw_only=True):
    """One month end."""

    as_of: Annotated[date, said("The month end.", "2026-02-28")]
    score: Annotated[str | None, said("Null: too little to judge by.", "71.2500")]
    band: Annotated[str | None, said("The grade the score alone would give.", "良好")]
    coverage: Annotated[str | None, said("Share of the applicable weights.", "0.8500")]
    grade: Annotated[str, said("After it.", "良好")]


class BehaviorView(View, frozen=True, kw_only=True):
    """How the customer paid in the twelve months up to the day; numbers are decimal text."""

    window_after: Annotated[date, said("The window begins after this day.", "2025-03-14")]
    allocations: Annotated[int, said("How many were in the window.", 12)]
    adbt: Annotated[str | None, said("Average days beyond terms, by amount.", "4.2000")]
    payment_index: Annotated[str | None, said("Share paid in time, by amount.", "0.8100")]
    late_cnt: Annotated[str | None, said("Share of late invoices.", "0.2500")]
    late_amt: Annotated[str | None, said("Share of late money.", "0.1900")]
    max_dpd: Annotated[int | None, said("Most days past due seen.", 31)]
    trend: Annotated[str | None, said("Days beyond terms, late against early half.", "-1.5000")]
    tenure_months: Annotated[int | None, said("Months since the first invoice.", 26)]
    util: Annotated[str | None, said("Mean exposure over the limit.", "0.4000")]


class CreditFileView(View, frozen=True, kw_only=True):
    """The credit file of an account as of a day, as it was known at an instant."""

    account_id: Annotated[UUID, said("Whose it is.", ID)]
    version: Annotated[int, said("Its present version, as in the ETag.", 7)]
    legal_entity: Annotated[str, said("Code of the legal entity.", "CN01")]
    account_number: Annotated[str, said("The account's number.", "C-1001")]
    currency: Annotated[str, said("ISO 4217 code of the account.", "CNY")]
    opened_on: Annotated[date, said("When the account was opened.", "2024-01-05")]
    as_of: Annotated[date, said("The day asked about, or the account's today.", "2026-03-14")]
    as_known: Annotated[datetime, said("What was learned later is left out.", "2026-03-14T00:00Z")]
    grade: Annotated[str, said("Of that day.", "良好")]
    grade_since: Annotated[date | None, said("The month end it is from.", "2026-02-28")]
    score: Annotated[ScoreView | None, said("The last one; null: none yet.")]
    behavior: Annotated[BehaviorView, said("Up to that day.")]
    reviews: Annotated[list[ReviewView], said("The latest first.", [])]
