"""Routes of open items: what is owed, and money not allocated yet, as of any day."""

from __future__ import annotations

from datetime import date
from typing import Final, Literal

from fastapi import APIRouter
from sqlalchemy import RowMapping
from starlette.responses import Response

from services.ledger.customers.projections import accounts
from services.ledger.receivables.domain.aging import days_past_due
from services.ledger.reports.projections import open_items
from shared.kernel.money import Money
from shared.platform.http.bodies import answer
from shared.platform.http.models import Currency, Day, Id
from shared.platform.http.moments import Bounds, bounds
from shared.platform.http.paging import Paging
from shared.platform.http.problems import Problem
from shared.platform.http.queries import Moment, QueryContext

router: Final = APIRouter(prefix="/open-items", tags=["open items"])

Kind = Literal["installment", "unallocated"]


@router.get("")
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
    async with query.of("open_items", "accounts") as connection:
        zones = await accounts.time_zones(connection, query.tenant_id, legal_entity)
        settled = bounds(query, moment, zones)
        asked = open_items.Asked(
            tenant_id=query.tenant_id,
            legal_entity=legal_entity,
            account_id=account_id,
            kind=kind,
            currency=currency,
            due_on_from=due_on_from,
            due_on_to=due_on_to,
        )
        found = await open_items.list_items(
            connection, asked, settled.at, after=paging.after, rows=paging.limit + 1
        )
    page = paging.page(found, _place)
    items = [_shown(row, row["minor"], settled) for row in found[: paging.limit]]
    return answer({**settled.echo, **page, "items": items})


@router.get("/{id}")
async def show_open_item(id: Id, query: QueryContext, moment: Moment) -> Response:
    """Also what is settled by then, with every movement that made it so."""
    async with query.of("open_items", "accounts") as connection:
        zones = await accounts.time_zones(connection, query.tenant_id, None)
        settled = bounds(query, moment, zones)
        found = await open_items.find_item(connection, query.tenant_id, id, settled.at)
        if found is not None:
            settled = bounds(
                query,
                moment,
                await accounts.time_zones(connection, query.tenant_id, found[0]["legal_entity"]),
            )
    if found is None:
        raise Problem("not-found")
    item, moved = found
    shown = _shown(item, sum(each["minor"] for each in moved), settled)
    movements = [
        {
            "effective_on": each["effective_on"],
            "recorded_at": each["recorded_at"],
            "amount": Money(each["minor"], item["currency"]),
            "type": each["type"],
        }
        for each in moved
    ]
    return answer({**settled.echo, **shown, "movements": movements})


def _place(row: RowMapping) -> tuple[str, str]:
    due_on: date = row["due_on"] or open_items.FAR
    return due_on.isoformat(), str(row["open_item_id"])


def _shown(row: RowMapping, minor: int, settled: Bounds) -> dict[str, object]:
    due_on = row["due_on"]
    of = "payment_id" if row["kind"] == open_items.UNALLOCATED else "invoice_id"
    return {
        "id": row["open_item_id"],
        "kind": row["kind"],
        "legal_entity": row["legal_entity"],
        "account_id": row["account_id"],
        "account_number": row["account_number"],
        of: row["stream_id"],
        "number": row["number"],
        "installment": row["installment"] or None,
        "dated_on": row["dated_on"],
        "due_on": due_on,
        "days_past_due": days_past_due(due_on, settled.as_of) if due_on else None,
        "open_amount": Money(minor, row["currency"]),
    }
