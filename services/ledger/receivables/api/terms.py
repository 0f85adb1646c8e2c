"""The route that shows what terms come to. It writes nothing."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter
from starlette.responses import Response

from services.ledger.receivables.api.terms_view import (
    DiscountWindowView,
    TermsIn,
    windows_of,
)
from services.ledger.receivables.domain import terms
from shared.kernel import rejections
from shared.kernel.money import Money
from shared.platform.http.models import Day, MoneyIn, RequestBody
from shared.platform.http.views import View, answers, said, shown

router: Final = APIRouter(prefix="/terms", tags=["invoices"])


class PreviewTerms(RequestBody):
    terms: TermsIn
    issued_on: Day
    total: MoneyIn


class ScheduledView(View, frozen=True, kw_only=True):
    """An installment that an invoice with these terms would have."""

    installment: Annotated[int, said("From 1.", 1)]
    due_on: Annotated[date, said("The last day to pay.", "2026-03-02")]
    amount: Annotated[Money, said("As it would be agreed.")]
    discounts: Annotated[
        list[DiscountWindowView], said("What could be deducted until when, the highest first.")
    ]


class ScheduleView(View, frozen=True, kw_only=True):
    """What terms come to: the installments of an invoice that would be issued with them."""

    issued_on: Annotated[date, said("The invoice date asked about.", "2026-01-31")]
    total: Annotated[Money, said("Of all installments.")]
    installments: Annotated[list[ScheduledView], said("The earliest due first.")]


@router.post(
    ":preview",
    responses=answers(
        ScheduleView,
        refuses=(
            rejections.EffectiveDateOutOfRange,
            terms.DueDatePrecedesIssueDate,
            terms.PortionsNotWhole,
            terms.PortionNotPositive,
            terms.DiscountOutOfOrder,
        ),
        problems=("amount-not-positive", "amount-scale", "unknown-currency"),
    ),
)
async def preview_terms(body: PreviewTerms) -> Response:
    """Shows due dates, amounts and discount windows, as an invoice would be issued with them."""
    total = body.total.money()
    found = terms.schedule(total, body.terms.agreed(body.issued_on), body.issued_on)
    return shown(
        ScheduleView(
            issued_on=body.issued_on,
            total=total,
            installments=[
                ScheduledView(
                    installment=n,
                    due_on=each.due_on,
                    amount=each.amount,
                    discounts=windows_of(each.discounts),
                )
                for n, each in enumerate(found, start=1)
            ],
        )
    )
