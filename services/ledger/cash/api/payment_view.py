"""What a payment looks like."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from services.ledger.cash.domain.payment import decide
from services.ledger.cash.domain.payment.state import Reversed, State
from services.ledger.receivables.domain.invoice.decide import Status as InvoiceStatus
from services.ledger.receivables.domain.invoice.decide import invoice, status_of
from shared.kernel.decider import Resource
from shared.kernel.money import Money
from shared.platform.http.views import View, said

MONEY: Final = {"amount": "5650.00", "currency": "CNY"}
ID: Final = "c9880000-1c55-5a1d-8a3e-2d7e0f6b9c01"
Status = Literal["received", "reversed"]


class AllocationView(View, frozen=True, kw_only=True):
    """A part of a payment given to an installment."""

    id: Annotated[UUID, said("Of the allocation.", ID)]
    invoice_id: Annotated[UUID, said("Which invoice got it.", ID)]
    invoice_number: Annotated[str, said("The invoice's number.", "2026-0131")]
    installment: Annotated[int, said("Which installment of it.", 1)]
    amount: Annotated[Money, said("How much.", MONEY)]


class PaymentView(View, frozen=True, kw_only=True):
    """Money that came in."""

    id: Annotated[UUID, said("Made from its number.", ID)]
    version: Annotated[int, said("Its present version, as in the ETag.", 2)]
    legal_entity: Annotated[str, said("Code of the legal entity.", "CN01")]
    account_id: Annotated[UUID, said("Whose it is.", ID)]
    account_number: Annotated[str, said("The account's number.", "C-1001")]
    number: Annotated[str, said("The caller's, unique in the legal entity.", "P-2026-0203")]
    status: Annotated[Status, said("At as_of, where a day was asked about.", "received")]
    value_on: Annotated[date, said("The day the money is ours.", "2026-03-01")]
    amount: Annotated[Money, said("All of it.", MONEY)]
    unallocated_amount: Annotated[Money, said("What is not given to invoices.", MONEY)]
    open_item_id: Annotated[UUID, said("Of its unallocated rest.", ID)]


class AffectedInvoiceView(View, frozen=True, kw_only=True):
    """An invoice that the command changed too."""

    resource: Annotated[Literal["invoices"], said("Where to find it.", "invoices")]
    id: Annotated[UUID, said("Which invoice.", ID)]
    version: Annotated[int, said("Its version now.", 4)]
    status: Annotated[InvoiceStatus, said("Its status now.", "settled")]


class PaymentChangedView(PaymentView, frozen=True, kw_only=True):
    """A payment after a command, with the invoices it was about."""

    allocations: Annotated[list[AllocationView], said("What it gives now.", [])]
    affected: Annotated[list[AffectedInvoiceView], said("The others that changed.", [])]


class PaymentThenView(PaymentView, frozen=True, kw_only=True):
    """A payment as of a day, as it was known at an instant."""

    method: Annotated[str, said("How it came.", "transfer")]
    reference: Annotated[str | None, said("What the payer wrote.", "INV 2026-0131")]
    reason: Annotated[str | None, said("Why it was reversed.", "bounced")]
    reversed_on: Annotated[date | None, said("Business date of the reversal.", "2026-03-09")]


class DatedAllocationView(AllocationView, frozen=True, kw_only=True):
    """An allocation with its day."""

    effective_on: Annotated[date, said("Its business date.", "2026-03-02")]


class PaymentWithAllocationsView(PaymentThenView, frozen=True, kw_only=True):
    """A payment as of a day, with what it gave by then."""

    as_of: Annotated[date, said("The day asked about.", "2026-03-14")]
    as_known: Annotated[datetime, said("What was learned later is left out.", "2026-03-14T00:00Z")]
    payer: Annotated[str | None, said("Who paid, where that was named.", "宁波启航机械")]
    allocations: Annotated[list[DatedAllocationView], said("Lasting ones, in their order.", [])]


def of_state(resource: Resource[State], invoice_ids: Sequence[UUID] = ()) -> PaymentChangedView:
    """As the answer of a command that changed it; the invoices are those the command named."""
    state = resource.state
    facts = decide.facts_of(state)
    return PaymentChangedView(
        id=resource.id,
        version=resource.version,
        legal_entity=resource.legal_entity,
        account_id=facts.account_id,
        account_number=facts.account_number,
        number=facts.number,
        status="reversed" if isinstance(state, Reversed) else "received",
        value_on=facts.value_on,
        amount=facts.amount,
        unallocated_amount=decide.unallocated_of(state),
        open_item_id=facts.open_item_id,
        allocations=[
            AllocationView(
                id=each.id,
                invoice_id=each.invoice_id,
                invoice_number=each.invoice_number,
                installment=each.installment,
                amount=each.amount,
            )
            for each in decide.allocations_of(state)
        ],
        affected=_affected(resource, invoice_ids),
    )


def _affected(resource: Resource[State], invoice_ids: Sequence[UUID]) -> list[AffectedInvoiceView]:
    """Those the payment gives to; of a reversed one, those it gave to."""
    is_reversed = isinstance(resource.state, Reversed)
    touched = {each.invoice_id for each in decide.allocations_of(resource.state)}
    invoices = [invoice.existing(id) for id in dict.fromkeys(invoice_ids)]
    return [
        AffectedInvoiceView(
            resource="invoices",
            id=each.id,
            version=resource.states.version(each),
            status=status_of(resource.states.of(each)),
        )
        for each in invoices
        if is_reversed or each.id in touched
    ]
