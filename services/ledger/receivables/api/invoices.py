"""Routes of invoices: issue, cancel, and how they stood on any day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Final, Literal, Protocol, cast

from fastapi import APIRouter, Depends, Query
from pydantic import Field, model_validator
from sqlalchemy import RowMapping
from starlette.requests import Request
from starlette.responses import Response

from services.ledger.customers.projections import accounts
from services.ledger.receivables.domain.aging import days_past_due
from services.ledger.receivables.domain.invoice import commands
from services.ledger.receivables.handlers import invoice
from services.ledger.receivables.projections import invoices
from shared.kernel.money import Money
from shared.platform.http.bodies import answer
from shared.platform.http.commands import CommandContext
from shared.platform.http.models import (
    AccountRef,
    Day,
    Id,
    MoneyIn,
    RequestBody,
    ShortText,
    fault,
)
from shared.platform.http.moments import Bounds, bounds
from shared.platform.http.paging import LIMIT_MAX, Paging
from shared.platform.http.parts import parts_of
from shared.platform.http.problems import Problem
from shared.platform.http.queries import Moment, QueryContext

router: Final = APIRouter(prefix="/invoices", tags=["invoices"])

NET_DAYS_MAX: Final = 3650  # days; longer terms are typing errors

Status = Literal["open", "settled", "canceled"]


class InvoiceSettings(Protocol):
    """What the runtime is told about invoices."""

    @property
    def thresholds(self) -> Sequence[int]: ...


async def _settings(request: Request) -> InvoiceSettings:
    return cast(InvoiceSettings, parts_of(request).service.settings)


class NetDays(RequestBody):
    anchor: Literal["invoice"]
    add_days: Annotated[int, Field(ge=0, le=NET_DAYS_MAX)]


class IssueInvoice(RequestBody):
    account: AccountRef
    number: ShortText
    issued_on: Day
    total: MoneyIn
    terms: NetDays | None = None
    due_on: Day | None = None

    @model_validator(mode="after")
    def _is_due_once(self) -> IssueInvoice:
        if self.terms is not None and self.due_on is not None:
            raise fault("invalid_value", 'Must not hold both "terms" and "due_on".')
        return self

    def due(self) -> commands.NetDays | date | None:
        if self.terms is not None:
            return commands.NetDays(add_days=self.terms.add_days)
        return self.due_on


class CancelInvoice(RequestBody):
    effective_on: Day | None = None


@router.post("", status_code=201)
async def issue_invoice(
    body: IssueInvoice,
    context: CommandContext,
    settings: Annotated[InvoiceSettings, Depends(_settings)],
) -> Response:
    account_id = body.account.resolve(context.tenant_id)
    legal_entity = body.account.legal_entity
    if legal_entity is None:  # Unknown ids are refused by the rule itself.
        info = (await context.describe([account_id])).get(account_id)
        legal_entity = info.legal_entity if info else ""
    command = commands.IssueInvoice(
        book=context.book(legal_entity),
        account_id=account_id,
        number=body.number,
        total=body.total.money(),
        issued_on=body.issued_on,
        due=body.due(),
        thresholds=tuple(sorted(settings.thresholds)),
        now=context.now,
    )
    return await context.run(invoice.issue(command), 201)


@router.post("/{id}:cancel")
async def cancel_invoice(
    id: Id, context: CommandContext, body: CancelInvoice | None = None
) -> Response:
    await context.find(id, "invoice")
    wanted = body.effective_on if body else None
    command = commands.CancelInvoice(invoice_id=id, effective_on=wanted, now=context.now)
    return await context.run(invoice.cancel(command))


@router.get("")
async def list_invoices(
    query: QueryContext,
    moment: Moment,
    paging: Paging,
    legal_entity: str | None = None,
    account_id: Id | None = None,
    account_number: str | None = None,
    number: Annotated[list[str] | None, Query(max_length=LIMIT_MAX)] = None,
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
        settled = bounds(query, moment, zones)
        found = await invoices.list_invoices(
            connection,
            query.tenant_id,
            asked,
            settled.at,
            after=paging.after,
            limit=paging.limit,
        )
        items = await invoices.installments_of(
            connection, query.tenant_id, [row["invoice_id"] for row in found], settled.at
        )
    page = paging.page(found, lambda row: (row["issued_on"].isoformat(), str(row["invoice_id"])))
    shown = [_shown(row, items[row["invoice_id"]], settled) for row in found[: paging.limit]]
    return answer({**settled.echo, **page, "items": shown})


@router.get("/{id}")
async def show_invoice(id: Id, query: QueryContext, moment: Moment) -> Response:
    async with query.of("invoices", "accounts") as connection:
        zones = await accounts.zones(connection, query.tenant_id, None)
        settled = bounds(query, moment, zones)
        found = await invoices.find_invoice(connection, query.tenant_id, id, settled.at)
        if found is None:
            raise Problem("not-found")
        settled = bounds(
            query,
            moment,
            await accounts.zones(connection, query.tenant_id, found["legal_entity"]),
        )
        items = await invoices.installments_of(connection, query.tenant_id, [id], settled.at)
        given = await invoices.allocations_of(connection, query.tenant_id, id, settled.at)
    shown = {
        **settled.echo,
        **_shown(found, items[id], settled),
        "allocations": _given(found, given),
    }
    return answer(shown, version=found["version"])


def _shown(row: RowMapping, items: Sequence[RowMapping], settled: Bounds) -> dict[str, object]:
    """`version` is the present one, good for If-Match, whatever time is asked for."""
    currency, days = row["currency"], row["add_days"]
    return {
        "id": row["invoice_id"],
        "version": row["version"],
        "legal_entity": row["legal_entity"],
        "account_id": row["account_id"],
        "account_number": row["account_number"],
        "number": row["number"],
        "status": row["status_then"],
        "issued_on": row["issued_on"],
        "total": Money(row["total_minor"], currency),
        "open_amount": Money(row["open_then"], currency),
        "terms": None if days is None else {"anchor": "invoice", "add_days": days},
        "installments": [_installment(row, item, settled) for item in items],
    }


def _installment(row: RowMapping, item: RowMapping, settled: Bounds) -> dict[str, object]:
    due_on = item["due_on"]
    left = 0 if row["status_then"] == "canceled" else item["open_then"]
    return {
        "installment": item["installment"],
        "open_item_id": item["open_item_id"],
        "due_on": due_on,
        "open_amount": Money(left, row["currency"]),
        "days_past_due": days_past_due(due_on, settled.as_of) if due_on else None,
    }


def _given(row: RowMapping, given: Sequence[RowMapping]) -> list[dict[str, object]]:
    return [
        {
            "id": each["allocation_id"],
            "payment_id": each["payment_id"],
            "payment_number": each["payment_number"],
            "installment": each["installment"],
            "amount": Money(each["amount_minor"], row["currency"]),
            "value_on": each["value_on"],
            "effective_on": each["applied_on"],
        }
        for each in given
    ]
