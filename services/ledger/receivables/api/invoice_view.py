"""What an invoice looks like."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import UNSET, UnsetType, structs

from services.ledger.receivables.api.terms_view import (
    DiscountWindowView,
    TermsView,
    terms_of,
    terms_of_row,
    windows_of,
    windows_of_row,
)
from services.ledger.receivables.domain.aging import days_past_due
from services.ledger.receivables.domain.invoice import decide
from services.ledger.receivables.domain.invoice.decide import Status
from services.ledger.receivables.domain.invoice.state import State
from shared.kernel.days import day_at
from shared.kernel.decider import Resource
from shared.kernel.money import Money
from shared.platform.http.moments import Bounds
from shared.platform.http.views import View, said
from shared.platform.projector.keyset import Record

ID: Final = "3b5f0c9e-1c55-5a1d-8a3e-2d7e0f6b9c01"


class InstallmentView(View, frozen=True, kw_only=True):
    """A part of the total with a due date of its own: an open item."""

    installment: Annotated[int, said("From 1.", 1)]
    open_item_id: Annotated[UUID, said("Of the open item.", ID)]
    due_on: Annotated[date | None, said("The last day to pay; null: never due.", "2026-03-02")]
    amount: Annotated[Money, said("As agreed.")]
    discounts: Annotated[
        list[DiscountWindowView], said("What can be deducted until when, the highest first.")
    ]
    open_amount: Annotated[Money, said("What is open of it.")]
    days_past_due: Annotated[int | None, said("At as_of; below zero: not due yet.", 12)]


class InvoiceSummaryView(View, frozen=True, kw_only=True):
    """An invoice with its installments, as a list of invoices shows it."""

    id: Annotated[UUID, said("Made from its number.", ID)]
    version: Annotated[int, said("Its present version, as in the ETag.", 3)]
    legal_entity: Annotated[str, said("Code of the legal entity.", "CN01")]
    account_id: Annotated[UUID, said("Whose it is.", ID)]
    account_number: Annotated[str, said("The account's number.", "C-1001")]
    number: Annotated[str, said("The caller's, unique in the legal entity.", "2026-0131")]
    status: Annotated[Status, said("At as_of.", "open")]
    issued_on: Annotated[date, said("The invoice date.", "2026-01-31")]
    total: Annotated[Money, said("Of all installments.")]
    open_amount: Annotated[Money, said("What is open of it.")]
    terms: Annotated[
        TermsView | None,
        said("Null: a due date was given, or none."),
    ]
    installments: Annotated[list[InstallmentView], said("By installment.")]


class AppliedView(View, frozen=True, kw_only=True):
    """What a payment gave to an installment."""

    id: Annotated[UUID, said("Of the allocation.", ID)]
    payment_id: Annotated[UUID, said("Which payment.", ID)]
    payment_number: Annotated[str, said("The payment's number.", "P-2026-0203")]
    installment: Annotated[int, said("Which installment got it.", 1)]
    amount: Annotated[Money, said("How much.")]
    value_on: Annotated[date, said("Value date of the payment.", "2026-03-01")]
    effective_on: Annotated[date, said("Business date of the allocation.", "2026-03-02")]


class AffectedPaymentView(View, frozen=True, kw_only=True):
    """A payment that the invoice was issued with."""

    resource: Annotated[Literal["payments"], said("Where to find it.", "payments")]
    id: Annotated[UUID, said("Which payment.", ID)]
    version: Annotated[int, said("Its version now.", 2)]
    status: Annotated[Literal["received"], said("Its status now.", "received")]


class InvoiceView(InvoiceSummaryView, frozen=True, kw_only=True):
    """An invoice as of a day, as it was known at an instant, with what payments gave to it."""

    as_of: Annotated[date, said("The day asked about, or today.", "2026-03-14")]
    as_known: Annotated[
        datetime, said("What was learned later is left out.", "2026-03-14T00:00:00Z")
    ]
    allocations: Annotated[list[AppliedView], said("Lasting ones, in their order.")]
    affected: Annotated[
        list[AffectedPaymentView] | UnsetType,
        said("Of its issue alone: the payments it was issued with."),
    ] = UNSET


def of_state(resource: Resource[State], now: datetime) -> InvoiceView:
    """As the answer of a command that changed it, before any payment gives to it."""
    state = resource.state
    facts = decide.facts_of(state)
    as_of = day_at(now, facts.time_zone)
    return InvoiceView(
        id=resource.id,
        version=resource.version,
        legal_entity=resource.legal_entity,
        account_id=facts.account_id,
        account_number=facts.account_number,
        number=facts.number,
        status=decide.status_of(state),
        issued_on=facts.issued_on,
        total=facts.total,
        open_amount=decide.open_amount_of(state),
        terms=terms_of(facts.terms),
        installments=[
            InstallmentView(
                installment=item.agreed.installment,
                open_item_id=item.agreed.open_item_id,
                due_on=item.agreed.due_on,
                amount=item.agreed.amount,
                discounts=windows_of(item.agreed.discounts),
                open_amount=item.open_amount,
                days_past_due=days_past_due(item.agreed.due_on, as_of)
                if item.agreed.due_on
                else None,
            )
            for item in decide.items_of(state)
        ],
        as_of=as_of,
        as_known=now,
        allocations=[],
    )


def of_row(
    row: Record, items: Sequence[Record], given: Sequence[Record], then: Bounds
) -> InvoiceView:
    """As the answer of a question about it."""
    return InvoiceView(
        **structs.asdict(summary_of_row(row, items, then)),
        as_of=then.as_of,
        as_known=then.as_known,
        allocations=_given(row, given),
    )


def summary_of_row(row: Record, items: Sequence[Record], then: Bounds) -> InvoiceSummaryView:
    """`version` is the present one, good for If-Match, whatever time is asked for."""
    currency = row["currency"]
    return InvoiceSummaryView(
        id=row["invoice_id"],
        version=row["version"],
        legal_entity=row["legal_entity"],
        account_id=row["account_id"],
        account_number=row["account_number"],
        number=row["number"],
        status=row["status_then"],
        issued_on=row["issued_on"],
        total=Money(row["total_minor"], currency),
        open_amount=Money(row["open_then"], currency),
        terms=terms_of_row(row["terms"]),
        installments=[_installment(row, item, then) for item in items],
    )


def _installment(row: Record, item: Record, then: Bounds) -> InstallmentView:
    due_on, currency = item["due_on"], row["currency"]
    left = 0 if row["status_then"] == "canceled" else item["open_then"]
    return InstallmentView(
        installment=item["installment"],
        open_item_id=item["open_item_id"],
        due_on=due_on,
        amount=Money(item["amount_minor"], currency),
        discounts=windows_of_row(item["discounts"]),
        open_amount=Money(left, currency),
        days_past_due=days_past_due(due_on, then.as_of) if due_on else None,
    )


def _given(row: Record, given: Sequence[Record]) -> list[AppliedView]:
    return [
        AppliedView(
            id=each["allocation_id"],
            payment_id=each["payment_id"],
            payment_number=each["payment_number"],
            installment=each["installment"],
            amount=Money(each["amount_minor"], row["currency"]),
            value_on=each["value_on"],
            effective_on=each["applied_on"],
        )
        for each in given
    ]
