"""Puts the ledger's read models into a real database, as the projector would, at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from services.ledger.cash.projections.payments import READ_MODEL as PAYMENTS
from services.ledger.customers.projections.accounts import READ_MODEL as ACCOUNTS
from services.ledger.receivables.projections.invoices import READ_MODEL as INVOICES
from services.ledger.reports.projections.open_items import READ_MODEL as OPEN_ITEMS
from shared.kernel.decider import PrivateRow
from shared.kernel.envelope import Recorded
from shared.platform.database.pools import Database
from tests.support.projecting import project

MIGRATIONS: Final = Path(__file__).parents[2] / "services/ledger/migrations"
PROJECTIONS: Final = (OPEN_ITEMS, INVOICES, PAYMENTS, ACCOUNTS)


async def fill(
    database: Database,
    tenant_id: UUID,
    events: Sequence[Recorded[Any]],
    parties: Iterable[PrivateRow] = (),
) -> None:
    """Replaces all rows of the tenant."""
    async with database.bound([tenant_id]) as connection:
        for projection in PROJECTIONS:
            tables = project(projection, events)
            for model in projection.models:
                await connection.execute(sa.delete(model.table))
                rows = [asdict(row) for row in tables[model.name].values()]
                if rows:
                    await connection.execute(sa.insert(model.table), rows)
        await connection.execute(sa.text("DELETE FROM party"))
        for party in parties:
            await connection.execute(
                sa.text("INSERT INTO party VALUES (:id, :tenant, CAST(:details AS jsonb))"),
                {"id": party.id, "tenant": tenant_id, "details": _json(party)},
            )


def _json(party: PrivateRow) -> str:
    return json.dumps(dict(party.details), ensure_ascii=False)
