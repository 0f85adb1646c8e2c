"""Routes of invoices: cancel, and how they stood on any day. They are issued in `cash`."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.ledger.customers.projections import accounts
from services.ledger.receivables.api.invoice_view import (
    InvoiceSummaryView,
    InvoiceView,
    of_row,
    of_state,
    summary_of_row,
)
from services.ledger.receivables.domain.invoice import commands, decide
from services.ledger.receivables.domain.invoice.decide import Status
from services.ledger.receivables.handlers import invoice
from services.ledger.receivables.projections import invoices
from shared.kernel import rejections
from shared.platform.http.commands import CommandContext
from shared.platform.http.models import (
    Day,
    Id,
    Number,
    RequestBody,
)
from shared.platform.http.moments import bounds
from shared.platform.http.paging import LIMIT_MAX, Paging
from shared.platform.http.queries import Moment, QueryContext
from shared.platform.http.views import MomentPage, answers, found, page, shown

router: Final = APIRouter(prefix="/invoices", tags=["invoices"])


class CancelInvoice(RequestBody):
    effective_on: Day | None = None


@router.post(
    "/{id}:cancel",
    responses=answers(
        InvoiceView,
        refuses=(
            decide.InvoiceIsAllocated,
            decide.InvoiceNotOpen,
            rejections.EffectiveDateOutOfRange,
        ),
    ),
)
async def cancel_invoice(
    id: Id, context: CommandContext, body: CancelInvoice | None = None
) -> Response:
    await context.find(id, "invoice")
    wanted = body.effective_on if body else None
    command = commands.CancelInvoice(invoice_id=id, effective_on=wanted, now=context.now)
    return await context.run(invoice.cancel(command), lambda found: of_state(found, context.now))


@router.get("", responses=answers(MomentPage[InvoiceSummaryView]))
async def list_invoices(
    query: QueryContext,
    moment: Moment,
    paging: Paging,
    legal_entity: str | None = None,
    account_id: Id | None = None,
    account_number: str | None = None,
    number: Annotated[list[Number] | None, Query(max_length=LIMIT_MAX)] = None,
    status: Annotated[list[Status] | None, Query()] = None,
    issued_on_from: Day | None = None,
    issued_on_to: Day | None = None,
    due_on_from: Day | None = None,
    due_on_to: Day | None = None,
) -> Response:
    asked = invoices.Asked(
        legal_entity=legal_entity,
        account_id=account_id,
        account_number=account_number,
        numbers=number or (),
        statuses=status or (),
        issued_on_from=issued_on_from,
        issued_on_to=issued_on_to,
        due_on_from=due_on_from,
        due_on_to=due_on_to,
    )
    async with query.of("invoices", "accounts") as connection:
        zones = await accounts.zones(connection, query.tenant_id, legal_entity)
        then = bounds(query, moment, zones)
        found_rows = await invoices.list_invoices(
            connection,
            query.tenant_id,
            asked,
            then.at,
            after=paging.after,
            limit=paging.limit,
        )
        items = await invoices.installments_of(
            connection, query.tenant_id, [row["invoice_id"] for row in found_rows], then.at
        )
    return page(
        paging,
        found_rows,
        lambda row: (row["issued_on"], row["invoice_id"]),
        lambda row: summary_of_row(row, items[row["invoice_id"]], then),
        then,
    )


@router.get("/{id}", responses=answers(InvoiceView))
async def show_invoice(id: Id, query: QueryContext, moment: Moment) -> Response:
    async with query.of("invoices", "accounts") as connection:
        then = bounds(query, moment, await accounts.zones(connection, query.tenant_id))
        row = found(await invoices.find_invoice(connection, query.tenant_id, id, then.at))
        zones = await accounts.zones(connection, query.tenant_id, row["legal_entity"])
        then = bounds(query, moment, zones)
        items = await invoices.installments_of(connection, query.tenant_id, [id], then.at)
        given = await invoices.allocations_of(connection, query.tenant_id, id, then.at)
    return shown(of_row(row, items[id], given, then), version=row["version"])
