"""What an invoice looks like when it was issued, beside the payments it was issued with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import structs

from services.ledger.cash.api.payment_view import ID, Status
from services.ledger.receivables.api.invoice_view import InvoiceView, of_state
from services.ledger.receivables.domain.invoice.state import State
from shared.kernel.decider import AnyStream, Resource
from shared.platform.http.views import View, said


class AffectedPaymentView(View, frozen=True, kw_only=True):
    """A payment that the invoice was issued with."""

    resource: Annotated[Literal["payments"], said("Where to find it.", "payments")]
    id: Annotated[UUID, said("Which payment.", ID)]
    version: Annotated[int, said("Its version now.", 2)]
    status: Annotated[Status, said("Its status now.", "received")]


class IssuedInvoiceView(InvoiceView, frozen=True, kw_only=True):
    """An invoice after it was issued."""

    affected: Annotated[list[AffectedPaymentView], said("The payments of its settlements.", [])]


def issued(
    resource: Resource[State], payments: Sequence[AnyStream], now: datetime
) -> IssuedInvoiceView:
    """As the answer of the command that issued it."""
    affected = [
        AffectedPaymentView(
            resource="payments",
            id=each.id,
            version=resource.states.version(each),
            status="received",
        )
        for each in payments
    ]
    return IssuedInvoiceView(**structs.asdict(of_state(resource, now)), affected=affected)
