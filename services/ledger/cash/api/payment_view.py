"""What a payment looks like."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import UNSET, UnsetType, structs

from services.ledger.cash.domain.payment import decide
from services.ledger.cash.domain.payment.state import Reversed, State
from services.ledger.cash.projections.payments import REVERSED
from services.ledger.receivables.domain.invoice.decide import Status as InvoiceStatus
from services.ledger.receivables.domain.invoice.decide import invoice, status_of
from shared.kernel.days import day_at
from shared.kernel.decider import Resource
from shared.kernel.money import Money
from shared.platform.http.moments import Bounds
from shared.platform.http.views import View, said
from shared.platform.projector.keyset import Record

ID: Final = "c9880000-1c55-5a1d-8a3e-2d7e0f6b9c01"
Status = Literal["received", "reversed"]


class AllocationView(View, frozen=True, kw_only=True):
    """A part of a payment given to an installment."""

    id: Annotated[UUID, said("Of the allocation.", ID)]
    invoice_id: Annotated[UUID, said("Which invoice got it.", ID)]
    invoice_number: Annotated[str, said("The invoice's number.", "2026-0131")]
    installment: Annotated[int, said("Which installment of it.", 1)]
    amount: Annotated[Money, said("How much.")]
    effective_on: Annotated[date, said("Its business date.", "2026-03-02")]


class PaymentSummaryView(View, frozen=True, kw_only=True):
    """Money that came in, as a list of payments shows it."""

    id: Annotated[UUID, said("Made from its number.", ID)]
    version: Annotated[int, said("Its present version, as in the ETag.", 2)]
    legal_entity: Annotated[str, said("Code of the legal entity.", "CN01")]
    account_id: Annotated[UUID, said("Whose it is.", ID)]
    account_number: Annotated[str, said("The account's number.", "C-1001")]
    number: Annotated[str, said("The caller's, unique in the legal entity.", "P-2026-0203")]
    status: Annotated[Status, said("At as_of.", "received")]
    value_on: Annotated[date, said("The day the money is ours.", "2026-03-01")]
    amount: Annotated[Money, said("All of it.")]
    unallocated_amount: Annotated[Money, said("What is not given to invoices.")]
    open_item_id: Annotated[UUID, said("Of its unallocated rest.", ID)]
    method: Annotated[str, said("How it came.", "transfer")]
    reference: Annotated[str | None, said("What the payer wrote.", "INV 2026-0131")]
    reason: Annotated[str | None, said("Why it was reversed.", "bounced")]
    reversed_on: Annotated[date | None, said("Business date of the reversal.", "2026-03-09")]


class AffectedInvoiceView(View, frozen=True, kw_only=True):
    """An invoice that the command changed too."""

    resource: Annotated[Literal["invoices"], said("Where to find it.", "invoices")]
    id: Annotated[UUID, said("Which invoice.", ID)]
    version: Annotated[int, said("Its version now.", 4)]
    status: Annotated[InvoiceStatus, said("Its status now.", "settled")]


class PaymentView(PaymentSummaryView, frozen=True, kw_only=True):
    """Money that came in, as of a day, as it was known at an instant, with what it gave."""

    as_of: Annotated[date, said("The day asked about, or today.", "2026-03-14")]
    as_known: Annotated[
        datetime, said("What was learned later is left out.", "2026-03-14T00:00:00Z")
    ]
    payer: Annotated[
        str | None, said("Who paid, where that was named.", "宁波启航机械", is_personal=True)
    ]
    allocations: Annotated[list[AllocationView], said("Lasting ones, by day and invoice.")]
    affected: Annotated[
        list[AffectedInvoiceView] | UnsetType,
        said("Of a command alone: the invoices that changed with it."),
    ] = UNSET


def _in_order(allocations: Iterable[AllocationView]) -> list[AllocationView]:
    return sorted(
        allocations,
        key=lambda each: (each.effective_on, each.invoice_number, each.installment, each.id),
    )


def of_state(
    resource: Resource[State], now: datetime, invoice_ids: Sequence[UUID] = ()
) -> PaymentView:
    """As the answer of a command that changed it; the invoices are those the command named."""
    state = resource.state
    facts = decide.facts_of(state)
    return PaymentView(
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
        method=facts.method,
        reference=facts.reference,
        reason=state.reason if isinstance(state, Reversed) else None,
        reversed_on=state.reversed_on if isinstance(state, Reversed) else None,
        as_of=day_at(now, facts.time_zone),
        as_known=now,
        payer=None,
        allocations=_in_order(
            AllocationView(
                id=each.id,
                invoice_id=each.invoice_id,
                invoice_number=each.invoice_number,
                installment=each.installment,
                amount=each.amount,
                effective_on=allocated_on,
            )
            for each, allocated_on in decide.given_by(state)
        ),
        affected=_affected(resource, invoice_ids),
    )


def _affected(resource: Resource[State], invoice_ids: Sequence[UUID]) -> list[AffectedInvoiceView]:
    """Those the payment gives to; of a reversed one, those it gave to."""
    is_reversed = isinstance(resource.state, Reversed)
    touched = {each.allocation.invoice_id for each in decide.given_by(resource.state)}
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


def of_row(row: Record, given: Sequence[Record], payer: str | None, then: Bounds) -> PaymentView:
    """As the answer of a question about it."""
    return PaymentView(
        **structs.asdict(summary_of_row(row)),
        as_of=then.as_of,
        as_known=then.as_known,
        payer=payer,
        allocations=_in_order(_allocation(each, row["currency"]) for each in given),
    )


def summary_of_row(row: Record) -> PaymentSummaryView:
    """`version` is the present one, good for If-Match, whatever time is asked for."""
    is_reversed = row["status_then"] == REVERSED
    return PaymentSummaryView(
        id=row["payment_id"],
        version=row["version"],
        legal_entity=row["legal_entity"],
        account_id=row["account_id"],
        account_number=row["account_number"],
        number=row["number"],
        status=row["status_then"],
        value_on=row["value_on"],
        method=row["method"],
        reference=row["reference"],
        amount=Money(row["amount_minor"], row["currency"]),
        unallocated_amount=Money(row["unallocated_then"], row["currency"]),
        open_item_id=row["open_item_id"],
        reason=row["reason"] if is_reversed else None,
        reversed_on=row["reversed_on"] if is_reversed else None,
    )


def _allocation(each: Record, currency: str) -> AllocationView:
    return AllocationView(
        id=each["allocation_id"],
        invoice_id=each["invoice_id"],
        invoice_number=each["invoice_number"],
        installment=each["installment"],
        amount=Money(each["amount_minor"], currency),
        effective_on=each["allocated_on"],
    )
