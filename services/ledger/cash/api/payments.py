"""Routes of payments: receive, allocate, reverse, and how they stood on any day."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from pydantic import Field, model_validator
from starlette.responses import Response

from services.ledger.cash.api.payment_view import (
    PaymentSummaryView,
    PaymentView,
    Status,
    of_row,
    of_state,
    summary_of_row,
)
from services.ledger.cash.domain import allocation
from services.ledger.cash.domain.allocation import SHARES_MAX
from services.ledger.cash.domain.payment import commands
from services.ledger.cash.domain.payment import decide as on_payment
from services.ledger.cash.domain.payment.events import Method, Reason
from services.ledger.cash.handlers import payment
from services.ledger.cash.projections import payments
from services.ledger.customers.projections import accounts
from services.ledger.receivables.domain.invoice import decide as on_invoice
from services.ledger.receivables.projections import invoices
from shared.kernel import rejections
from shared.platform.http.commands import CommandContext
from shared.platform.http.models import (
    AccountRef,
    Day,
    Id,
    MoneyIn,
    Number,
    RequestBody,
    ShortText,
    ThingRef,
    fault,
)
from shared.platform.http.moments import bounds
from shared.platform.http.paging import LIMIT_MAX, Paging
from shared.platform.http.queries import Moment, QueryContext
from shared.platform.http.views import MomentPage, answers, found, page, shown

router: Final = APIRouter(prefix="/payments", tags=["payments"])

CANDIDATES_MAX: Final = 2 * SHARES_MAX  # open invoices "oldest first" looks at


class ReceivePayment(RequestBody):
    account: AccountRef
    number: Number
    amount: MoneyIn
    value_on: Day
    method: Method
    payer: ShortText | None = None  # A name: goes into the party table.
    reference: ShortText | None = None


class Share(RequestBody):
    invoice: ThingRef
    amount: MoneyIn


class AllocatePayment(RequestBody):
    effective_on: Day | None = None
    allocations: Annotated[list[Share], Field(min_length=1, max_length=SHARES_MAX)] | None = None
    rule: Literal["oldest_first"] | None = None

    @model_validator(mode="after")
    def _says_how(self) -> AllocatePayment:
        if (self.allocations is None) == (self.rule is None):
            raise fault("invalid_value", 'Must hold either "allocations" or "rule".')
        return self


class ReversePayment(RequestBody):
    reason: Reason
    effective_on: Day | None = None


@router.post(
    "",
    status_code=201,
    responses=answers(
        PaymentView,
        201,
        refuses=(
            rejections.NumberAlreadyUsed,
            rejections.UnknownAccount,
            rejections.AmountNotPositive,
            rejections.EffectiveDateOutOfRange,
        ),
    ),
)
async def receive_payment(body: ReceivePayment, context: CommandContext) -> Response:
    account_id, legal_entity = await context.account(body.account)
    command = commands.ReceivePayment(
        book=context.book(legal_entity),
        account_id=account_id,
        number=body.number,
        amount=body.amount.money(),
        value_on=body.value_on,
        method=body.method,
        has_payer=body.payer is not None,
        reference=body.reference,
        now=context.now,
    )
    payer = {"name": body.payer} if body.payer is not None else {}
    return await context.run(
        payment.receive(command, payer), lambda found: of_state(found, context.now), 201
    )


@router.post(
    "/{id}:allocate",
    responses=answers(
        PaymentView,
        refuses=(
            on_payment.PaymentIsReversed,
            on_payment.AllocationExceedsPayment,
            on_payment.TooManyAllocations,
            on_invoice.UnknownInvoice,
            on_invoice.InvoiceOfAnotherAccount,
            on_invoice.InvoiceNotOpen,
            on_invoice.AllocationExceedsOpenAmount,
            rejections.AmountNotPositive,
            rejections.CurrencyMismatch,
            rejections.EffectiveDateOutOfRange,
        ),
    ),
)
async def allocate_payment(
    id: Id, body: AllocatePayment, context: CommandContext, query: QueryContext
) -> Response:
    info = await context.find(id, "payment")
    if body.allocations is None:
        async with query.of("invoices") as connection:
            candidates = await invoices.oldest_open(
                connection, query.tenant_id, info.account_id, CANDIDATES_MAX
            )
        oldest_first = commands.AllocateOldestFirst(
            payment_id=id,
            candidates=tuple(candidates),
            effective_on=body.effective_on,
            now=context.now,
        )
        return await context.run(
            payment.allocate_oldest_first(oldest_first),
            lambda found: of_state(found, context.now, oldest_first.candidates),
        )
    command = commands.AllocatePayment(
        payment_id=id,
        shares=tuple(
            commands.Share(
                invoice_id=share.invoice.resolve(context.tenant_id, info.legal_entity, "invoice"),
                amount=share.amount.money(),
            )
            for share in body.allocations
        ),
        effective_on=body.effective_on,
        now=context.now,
    )
    named = [share.invoice_id for share in command.shares]
    return await context.run(
        payment.allocate(command), lambda found: of_state(found, context.now, named)
    )


@router.post(
    "/{id}:reverse",
    responses=answers(
        PaymentView,
        refuses=(
            allocation.ConcurrentChange,
            on_payment.PaymentIsReversed,
            rejections.EffectiveDateOutOfRange,
        ),
    ),
)
async def reverse_payment(
    id: Id, body: ReversePayment, context: CommandContext, query: QueryContext
) -> Response:
    """Looks up what the payment was given to, once the read model knows its last change."""
    info = await context.find(id, "payment")
    await query.caught_up("payments", {id: info.version})
    async with query.of("payments") as connection:
        paid = await payments.paid_invoices(connection, query.tenant_id, id)
    command = commands.ReversePayment(
        payment_id=id,
        reason=body.reason,
        invoices=tuple(paid),
        effective_on=body.effective_on,
        now=context.now,
    )
    return await context.run(
        payment.reverse(command), lambda found: of_state(found, context.now, command.invoices)
    )


@router.get("", responses=answers(MomentPage[PaymentSummaryView]))
async def list_payments(
    query: QueryContext,
    moment: Moment,
    paging: Paging,
    legal_entity: str | None = None,
    account_id: Id | None = None,
    account_number: str | None = None,
    number: Annotated[list[Number] | None, Query(max_length=LIMIT_MAX)] = None,
    status: Annotated[list[Status] | None, Query()] = None,
    value_on_from: Day | None = None,
    value_on_to: Day | None = None,
) -> Response:
    asked = payments.Asked(
        legal_entity=legal_entity,
        account_id=account_id,
        account_number=account_number,
        numbers=number or (),
        statuses=status or (),
        value_on_from=value_on_from,
        value_on_to=value_on_to,
    )
    async with query.of("payments", "accounts") as connection:
        zones = await accounts.zones(connection, query.tenant_id, legal_entity)
        then = bounds(query, moment, zones)
        rows = await payments.list_payments(
            connection, query.tenant_id, asked, then.at, after=paging.after, limit=paging.limit
        )
    return page(
        paging,
        rows,
        lambda row: (row["value_on"], row["payment_id"]),
        summary_of_row,
        then,
    )


@router.get("/{id}", responses=answers(PaymentView))
async def show_payment(id: Id, query: QueryContext, moment: Moment) -> Response:
    async with query.of("payments", "accounts") as connection:
        then = bounds(query, moment, await accounts.zones(connection, query.tenant_id))
        row = found(await payments.find_payment(connection, query.tenant_id, id, then.at))
        zones = await accounts.zones(connection, query.tenant_id, row["legal_entity"])
        then = bounds(query, moment, zones)
        given = await payments.allocations_of(connection, query.tenant_id, id, then.at)
        payer = await accounts.party_name(connection, query.tenant_id, row["payer_id"])
    return shown(of_row(row, given, payer, then), version=row["version"])
