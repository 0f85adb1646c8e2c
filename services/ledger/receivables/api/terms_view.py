"""How payment terms are written in a request, and how they are shown with an invoice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Annotated, Final

from pydantic import Field, ValidationInfo, field_validator, model_validator

from services.ledger.receivables.domain.terms import (
    ADD_DAYS_MAX,
    ADD_MONTHS_MAX,
    DAY_OF_MONTH_MAX,
    DISCOUNTS_MAX,
    PERCENT_DECIMALS_MAX,
    PORTIONS_MAX,
    WHOLE,
    Anchor,
    Discount,
    DiscountWindow,
    MonthEnd,
    Order,
    Portion,
    Terms,
)
from shared.kernel.money import Money
from shared.platform.codec import decoder_of
from shared.platform.http.models import Day, RequestBody, fault
from shared.platform.http.views import View, said

_DECIMALS: Final = f"[0-9]{{1,{PERCENT_DECIMALS_MAX}}}"

Percent = Annotated[str, Field(pattern=rf"^(100|[1-9]?[0-9](\.{_DECIMALS})?)$")]
DayOfMonth = Annotated[int, Field(ge=1, le=DAY_OF_MONTH_MAX)]


class DueRuleIn(RequestBody):
    """How a due date follows from a day. The invoice date is known; any other day is said."""

    anchor: Anchor | None = None
    anchor_on: Annotated[Day | None, Field(validate_default=True)] = None
    cutoff_day: DayOfMonth | None = None
    month_end: MonthEnd = "none"
    add_months: Annotated[int, Field(ge=0, le=ADD_MONTHS_MAX)] = 0
    add_days: Annotated[int, Field(ge=0, le=ADD_DAYS_MAX)] = 0
    fixed_day: DayOfMonth | None = None
    order: Order = "month_first"

    @field_validator("anchor_on")
    @classmethod
    def _is_said_but_of_the_invoice(cls, value: date | None, info: ValidationInfo) -> date | None:
        anchor = info.data.get("anchor")
        if anchor == "invoice" and value is not None:
            raise fault("invalid_value", 'Must be absent: of "invoice" it is the invoice date.')
        if anchor not in (None, "invoice") and value is None:
            raise fault("missing_field", 'Is required unless the anchor is "invoice".')
        return value

    def portion(self, percent: str, issued_on: date) -> Portion:
        """A share of the total, due by this rule."""
        assert self.anchor is not None  # A body without one was refused.
        return Portion(
            anchor=self.anchor,
            anchor_on=self.anchor_on or issued_on,
            cutoff_day=self.cutoff_day,
            month_end=self.month_end,
            add_months=self.add_months,
            add_days=self.add_days,
            fixed_day=self.fixed_day,
            order=self.order,
            percent=percent,
        )


class PortionIn(DueRuleIn):
    """A share of the total with a rule of its own. The percents of all sum to 100."""

    anchor: Anchor
    percent: Percent


class DiscountIn(RequestBody):
    """What may be deducted by who pays so many days after the anchor's day, or earlier."""

    percent: Percent
    within_days: Annotated[int, Field(ge=0, le=ADD_DAYS_MAX)]


class TermsIn(DueRuleIn):
    """One rule for the whole, or portions with a rule each; discounts beside either."""

    portions: Annotated[list[PortionIn], Field(min_length=1, max_length=PORTIONS_MAX)] | None = None
    discounts: list[DiscountIn] = Field(default_factory=list, max_length=DISCOUNTS_MAX)

    @model_validator(mode="after")
    def _holds_a_rule_or_portions(self) -> TermsIn:
        if self.portions is None and self.anchor is None:
            raise fault("invalid_value", 'Must hold either "anchor" or "portions".')
        of_rule = self.model_fields_set & DueRuleIn.model_fields.keys()
        if self.portions is not None and any(getattr(self, name) is not None for name in of_rule):
            raise fault("invalid_value", 'Must hold no rule beside "portions": each has its own.')
        return self

    def agreed(self, issued_on: date) -> Terms:
        """The terms as the domain knows them: one rule is one portion of the whole."""
        rules: list[tuple[DueRuleIn, str]] = [(each, each.percent) for each in self.portions or ()]
        return Terms(
            portions=tuple(
                rule.portion(percent, issued_on) for rule, percent in rules or [(self, WHOLE)]
            ),
            discounts=tuple(
                Discount(percent=each.percent, within_days=each.within_days)
                for each in self.discounts
            ),
        )


class PortionView(View, frozen=True, kw_only=True):
    """A share of the total, and how its due date was found."""

    anchor: Annotated[Anchor, said("What the days count from.", "invoice")]
    anchor_on: Annotated[date, said("Its day.", "2026-01-31")]
    cutoff_day: Annotated[
        int | None, said("A later day of a month counts as the first of the next.", 25)
    ]
    month_end: Annotated[MonthEnd, said("Which step it takes at the month's end.", "end_of_month")]
    add_months: Annotated[int, said("Months added after that step.", 1)]
    add_days: Annotated[int, said("Days added.", 30)]
    fixed_day: Annotated[int | None, said("The first such day of a month is taken.", 15)]
    order: Annotated[Order, said("Whether months or days are added first.", "month_first")]
    percent: Annotated[str, said("Decimal text: its share of the total.", "100")]


class DiscountView(View, frozen=True, kw_only=True):
    """What may be deducted by who pays early."""

    percent: Annotated[str, said("Decimal text.", "2")]
    within_days: Annotated[int, said("Days after the anchor's day.", 10)]


class TermsView(View, frozen=True, kw_only=True):
    """How the due dates were found; they are never found again."""

    portions: Annotated[list[PortionView], said("As agreed; one rule is one portion of 100.")]
    discounts: Annotated[list[DiscountView], said("Of every portion, the highest first.")]


class DiscountWindowView(View, frozen=True, kw_only=True):
    """A deduction from an installment, with the last day on which it can be taken."""

    last_on: Annotated[date, said("The last day.", "2026-02-10")]
    percent: Annotated[str, said("Decimal text.", "2")]
    amount: Annotated[Money, said("What is to be paid by then, instead of the whole.")]


TERMS: Final = decoder_of(Terms)
WINDOWS: Final = decoder_of(tuple[DiscountWindow, ...])


def terms_of(terms: Terms | None) -> TermsView | None:
    """Terms as they are shown."""
    if terms is None:
        return None
    return TermsView(
        portions=[PortionView(**asdict(each)) for each in terms.portions],
        discounts=[DiscountView(**asdict(each)) for each in terms.discounts],
    )


def windows_of(windows: Sequence[DiscountWindow]) -> list[DiscountWindowView]:
    """Discount windows as they are shown."""
    return [
        DiscountWindowView(last_on=each.last_on, percent=each.percent, amount=each.amount)
        for each in windows
    ]


def terms_of_row(text: str | None) -> TermsView | None:
    """Terms as a row keeps them."""
    return None if text is None else terms_of(TERMS.decode(text))


def windows_of_row(text: str | None) -> list[DiscountWindowView]:
    """Discount windows as a row keeps them; none: there are none."""
    return [] if text is None else windows_of(WINDOWS.decode(text))
