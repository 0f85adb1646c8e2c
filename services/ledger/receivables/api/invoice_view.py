"""What an invoice looks like."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from services.ledger.receivables.domain.aging import days_past_due
from services.ledger.receivables.domain.invoice import decide
from services.ledger.receivables.domain.invoice.decide import Status
from services.ledger.receivables.domain.invoice.state import State
from shared.kernel.days import day_at
from shared.kernel.decider import Resource
from shared.kernel.money import Money
from shared.platform.http.views import View, said

MONEY: Final = {"amount": "8000.00", "currency": "CNY"}
ID: Final = "3b5f0c9e-1c55-5a1d-8a3e-2d7e0f6b9c01"


class InstallmentView(View, frozen=True, kw_only=True):
    """A part of the total with a due date of its own: an open item."""

    installment: Annotated[int, said("From 1.", 1)]
    open_item_id: Annotated[UUID, said("Of the open item.", ID)]
    due_on: Annotated[date | None, said("The last day to pay; null: never due.", "2026-03-02")]
    amount: Annotated[Money, said("As agreed.", MONEY)]
    open_amount: Annotated[Money, said("What is open of it.", MONEY)]
    days_past_due: Annotated[int | None, said("At as_of; below zero: not due yet.", 12)]


class TermsView(View, frozen=True, kw_only=True):
    """How the due date was found."""

    anchor: Annotated[Literal["invoice"], said("What the days count from.", "invoice")]
    add_days: Annotated[int, said("Days after the anchor.", 30)]


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
    total: Annotated[Money, said("Of all installments.", MONEY)]
    open_amount: Annotated[Money, said("What is open of it.", MONEY)]
    terms: Annotated[
        TermsView | None,
        said("Null: a due date was given, or none.", {"anchor": "invoice", "add_days": 30}),
    ]
    installments: Annotated[list[InstallmentView], said("By installment.", [])]


class AppliedView(View, frozen=True, kw_only=True):
    """What a payment gave to an installment."""

    id: Annotated[UUID, said("Of the allocation.", ID)]
    payment_id: Annotated[UUID, said("Which payment.", ID)]
    payment_number: Annotated[str, said("The payment's number.", "P-2026-0203")]
    installment: Annotated[int, said("Which installment got it.", 1)]
    amount: Annotated[Money, said("How much.", MONEY)]
    value_on: Annotated[date, said("Value date of the payment.", "2026-03-01")]
    effective_on: Annotated[date, said("Business date of the allocation.", "2026-03-02")]


class InvoiceView(InvoiceSummaryView, frozen=True, kw_only=True):
    """An invoice as of a day, as it was known at an instant, with what payments gave to it."""

    as_of: Annotated[date, said("The day asked about, or today.", "2026-03-14")]
    as_known: Annotated[datetime, said("What was learned later is left out.", "2026-03-14T00:00Z")]
    allocations: Annotated[list[AppliedView], said("Lasting ones, in their order.", [])]


def of_state(resource: Resource[State], now: datetime) -> InvoiceView:
    """As the answer of the command that issued or canceled it: no payment gives to it then."""
    state = resource.state
    facts = decide.facts_of(state)
    as_of = day_at(now, facts.time_zone)
    terms = facts.terms
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
        terms=TermsView(anchor=terms.anchor, add_days=terms.add_days) if terms else None,
        installments=[
            InstallmentView(
                installment=item.agreed.installment,
                open_item_id=item.agreed.open_item_id,
                due_on=item.agreed.due_on,
                amount=item.agreed.amount,
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
