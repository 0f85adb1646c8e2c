"""Routes of open items: what is owed, and money not allocated yet, as of any day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter
from msgspec import UNSET, UnsetType
from msgspec.structs import asdict
from starlette.responses import Response

from services.ledger.customers.projections import accounts
from services.ledger.receivables.domain.aging import days_past_due
from services.ledger.reports.projections import open_items
from shared.kernel.money import Money, total
from shared.platform.http.models import Currency, Day, Id
from shared.platform.http.moments import Bounds, bounds
from shared.platform.http.paging import Paging
from shared.platform.http.queries import Moment, QueryContext
from shared.platform.http.views import MomentPage, View, answers, found, page, said, shown
from shared.platform.projector.keyset import Record

router: Final = APIRouter(prefix="/open-items", tags=["open items"])

ID = "3b5f0c9e-1c55-5a1d-8a3e-2d7e0f6b9c01"


class OpenItemView(View, frozen=True, kw_only=True):
    """An installment of an invoice, or the unallocated rest of a payment, which is negative."""

    id: Annotated[UUID, said("Of the item itself.", ID)]
    kind: Annotated[Literal["installment", "unallocated"], said("Which of both.", "installment")]
    legal_entity: Annotated[str, said("Code of the legal entity.", "CN01")]
    account_id: Annotated[UUID, said("Whose it is.", ID)]
    account_number: Annotated[str, said("The account's number.", "C-1001")]
    invoice_id: Annotated[UUID | UnsetType, said("Only of an installment.", ID)] = UNSET
    payment_id: Annotated[UUID | UnsetType, said("Only of unallocated money.", ID)] = UNSET
    number: Annotated[str, said("Of the invoice or payment.", "INV-1")]
    installment: Annotated[int | None, said("Which of the invoice; null: of a payment.", 1)]
    dated_on: Annotated[date, said("Invoice date or value date.", "2026-01-31")]
    due_on: Annotated[date | None, said("When it is to be paid.", "2026-03-02")]
    days_past_due: Annotated[int | None, said("At as_of; below zero: not due yet.", 12)]
    open_amount: Annotated[Money, said("What is open at as_of.")]


class MovementView(View, frozen=True, kw_only=True):
    """What changed an open item once."""

    effective_on: Annotated[date, said("Its business date.", "2026-01-31")]
    recorded_at: Annotated[datetime, said("When it was learned.", "2026-01-31T02:00:00Z")]
    amount: Annotated[Money, said("Signed: what is owed grows with it.")]
    type: Annotated[str, said("Of the event that did it.", "ledger.invoice.issued.v1")]


class OpenItemWithMovementsView(OpenItemView, frozen=True, kw_only=True):
    """An open item as of a day, as known at an instant, with every movement that made it so."""

    as_of: Annotated[date, said("The day asked about.", "2026-03-14")]
    as_known: Annotated[
        datetime, said("What was learned later is left out.", "2026-03-14T00:00:00Z")
    ]
    movements: Annotated[list[MovementView], said("In their order.")]


Kind = Literal["installment", "unallocated"]


@router.get("", responses=answers(MomentPage[OpenItemView]))
async def list_open_items(
    query: QueryContext,
    moment: Moment,
    paging: Paging,
    legal_entity: str | None = None,
    account_id: Id | None = None,
    kind: Kind | None = None,
    currency: Currency | None = None,
    due_on_from: Day | None = None,
    due_on_to: Day | None = None,
) -> Response:
    asked = open_items.Asked(
        tenant_id=query.tenant_id,
        legal_entity=legal_entity,
        account_id=account_id,
        kind=kind,
        currency=currency,
        due_on_from=due_on_from,
        due_on_to=due_on_to,
    )
    async with query.of("open_items", "accounts") as connection:
        zones = await accounts.zones(connection, query.tenant_id, legal_entity)
        then = bounds(query, moment, zones)
        rows = await open_items.list_items(connection, asked, then.at, paging.after, paging.limit)
    return page(paging, rows, _place, lambda row: of_row(row, _open_then(row), then), then)


@router.get("/{id}", responses=answers(OpenItemWithMovementsView))
async def show_open_item(id: Id, query: QueryContext, moment: Moment) -> Response:
    """Also what is settled by then, with every movement that made it so."""
    async with query.of("open_items", "accounts") as connection:
        then = bounds(query, moment, await accounts.zones(connection, query.tenant_id))
        row = found(await open_items.find_item(connection, query.tenant_id, id, then.at))
        zones = await accounts.zones(connection, query.tenant_id, row["legal_entity"])
        then = bounds(query, moment, zones)
        moved = await open_items.movements_of(connection, query.tenant_id, id, then.at)
    movements = [
        MovementView(
            effective_on=each["effective_on"],
            recorded_at=each["recorded_at"],
            amount=Money(each["minor"], each["currency"]),
            type=each["type"],
        )
        for each in moved
    ]
    open_then = total((each.amount for each in movements), row["currency"])
    item = of_row(row, open_then, then)
    return shown(
        OpenItemWithMovementsView(
            **asdict(item), as_of=then.as_of, as_known=then.as_known, movements=movements
        )
    )


def _place(row: Record) -> tuple[object, object]:
    return row["listed_on"], row["open_item_id"]


def _open_then(row: Record) -> Money:
    return Money(row["minor"], row["currency"])


def of_row(row: Record, open_then: Money, then: Bounds) -> OpenItemView:
    due_on = row["due_on"]
    is_money = row["kind"] == open_items.UNALLOCATED
    return OpenItemView(
        id=row["open_item_id"],
        kind=row["kind"],
        legal_entity=row["legal_entity"],
        account_id=row["account_id"],
        account_number=row["account_number"],
        invoice_id=UNSET if is_money else row["stream_id"],
        payment_id=row["stream_id"] if is_money else UNSET,
        number=row["number"],
        installment=row["installment"] or None,
        dated_on=row["dated_on"],
        due_on=due_on,
        days_past_due=days_past_due(due_on, then.as_of) if due_on else None,
        open_amount=open_then,
    )
