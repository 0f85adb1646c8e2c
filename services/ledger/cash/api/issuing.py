"""The route that issues an invoice, with the payments it has got already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Final, Protocol, cast

from fastapi import APIRouter, Depends
from msgspec import structs
from pydantic import Field, model_validator
from starlette.requests import Request
from starlette.responses import Response

from services.ledger.cash.domain.payment import commands
from services.ledger.cash.domain.payment.decide import facts_of, given_by, payment
from services.ledger.cash.domain.payment.events import Event, Method
from services.ledger.cash.domain.payment.state import State
from services.ledger.cash.domain.settlement import SETTLEMENTS_MAX
from services.ledger.cash.handlers import settlement
from services.ledger.receivables.api.invoice_view import (
    AffectedPaymentView,
    AppliedView,
    InvoiceView,
    of_state,
)
from services.ledger.receivables.api.terms_view import TermsIn
from services.ledger.receivables.domain.invoice import commands as invoice_commands
from services.ledger.receivables.domain.invoice import decide as on_invoice
from services.ledger.receivables.domain.invoice import state as invoice_state
from services.ledger.receivables.domain.terms import (
    DiscountOutOfOrder,
    DueDatePrecedesIssueDate,
    PortionNotPositive,
    PortionsNotWhole,
    Terms,
)
from shared.kernel import rejections
from shared.kernel.decider import Resource, Stream
from shared.platform.http.commands import CommandContext
from shared.platform.http.models import (
    AccountRef,
    Day,
    MoneyIn,
    Number,
    RequestBody,
    ShortText,
    fault,
)
from shared.platform.http.parts import parts_of
from shared.platform.http.views import answers

router: Final = APIRouter(prefix="/invoices", tags=["invoices"])

Paid = Stream[State, Event]


class InvoiceSettings(Protocol):
    """What the runtime is told about invoices."""

    @property
    def thresholds(self) -> Sequence[int]: ...


async def _settings(request: Request) -> InvoiceSettings:
    return cast(InvoiceSettings, parts_of(request).service.settings)


class Settlement(RequestBody):
    """Money that had come in for the invoice when it is entered."""

    payment_number: Number
    value_on: Day
    amount: MoneyIn
    method: Method
    reference: ShortText | None = None

    def wanted(self) -> commands.Settlement:
        return commands.Settlement(
            payment_number=self.payment_number,
            value_on=self.value_on,
            amount=self.amount.money(),
            method=self.method,
            reference=self.reference,
        )


class IssueInvoice(RequestBody):
    account: AccountRef
    number: Number
    issued_on: Day
    total: MoneyIn
    terms: TermsIn | None = None
    due_on: Day | None = None
    settlements: list[Settlement] = Field(default_factory=list, max_length=SETTLEMENTS_MAX)

    @model_validator(mode="after")
    def _is_due_once(self) -> IssueInvoice:
        if self.terms is not None and self.due_on is not None:
            raise fault("invalid_value", 'Must not hold both "terms" and "due_on".')
        return self

    def due(self) -> Terms | date | None:
        if self.terms is not None:
            return self.terms.agreed(self.issued_on)
        return self.due_on


@router.post(
    "",
    status_code=201,
    responses=answers(
        InvoiceView,
        201,
        refuses=(
            rejections.NumberAlreadyUsed,
            rejections.UnknownAccount,
            rejections.AmountNotPositive,
            rejections.EffectiveDateOutOfRange,
            rejections.CurrencyMismatch,
            DueDatePrecedesIssueDate,
            PortionsNotWhole,
            PortionNotPositive,
            DiscountOutOfOrder,
            on_invoice.AllocationExceedsOpenAmount,
        ),
    ),
)
async def issue_invoice(
    body: IssueInvoice,
    context: CommandContext,
    settings: Annotated[InvoiceSettings, Depends(_settings)],
) -> Response:
    account_id, legal_entity = await context.account(body.account)
    command = invoice_commands.IssueInvoice(
        book=context.book(legal_entity),
        account_id=account_id,
        number=body.number,
        total=body.total.money(),
        issued_on=body.issued_on,
        due=body.due(),
        thresholds=tuple(sorted(settings.thresholds)),
        now=context.now,
    )
    settlements = [each.wanted() for each in body.settlements]
    numbers = [each.payment_number for each in settlements]
    streams = [payment.stream(command.book, number) for number in numbers]
    return await context.run(
        settlement.issue(command, settlements),
        lambda found: issued(found, streams, context.now),
        201,
    )


def issued(
    resource: Resource[invoice_state.State], payments: Sequence[Paid], now: datetime
) -> InvoiceView:
    """As the answer of the command that issued it, with what its payments gave to it."""
    states = resource.states
    given = [
        AppliedView(
            id=each.allocation.id,
            payment_id=paid.id,
            payment_number=facts_of(states.of(paid)).number,
            installment=each.allocation.installment,
            amount=each.allocation.amount,
            value_on=facts_of(states.of(paid)).value_on,
            effective_on=each.allocated_on,
        )
        for paid in payments
        for each in given_by(states.of(paid))
    ]
    return structs.replace(
        of_state(resource, now),
        allocations=sorted(given, key=lambda each: (each.effective_on, each.id)),
        affected=[
            AffectedPaymentView(
                resource="payments", id=paid.id, version=states.version(paid), status="received"
            )
            for paid in payments
        ],
    )
