"""What is known of the items whose thresholds are heard: asked once for all that come together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.dunning.accounts.domain.account_facts import AccountFacts
from services.dunning.accounts.domain.grades import GradeOnDay
from services.dunning.accounts.projections.account_facts import (
    AccountRow,
    GradeRow,
    LegalEntityRow,
    OpenItemRow,
    entity_of,
)
from services.dunning.contract.inbox import Crossing
from shared.kernel.decider import CorruptHistory
from shared.kernel.envelope import Recorded
from shared.platform.projector.keyset import rows_of
from shared.platform.projector.rows import table_of

R = TypeVar("R", AccountRow, GradeRow, OpenItemRow)


async def facts_of_crossings(
    connection: AsyncConnection, crossings: Sequence[Recorded[Crossing]]
) -> Mapping[UUID, AccountFacts]:
    """Whose item it is, and how far it is by now; by the id of the event."""
    by_tenant: dict[UUID, list[Recorded[Crossing]]] = {}
    for recorded in crossings:
        by_tenant.setdefault(recorded.tenant_id, []).append(recorded)
    found: dict[UUID, AccountFacts] = {}
    for tenant_id, some in by_tenant.items():
        found.update(await _of_tenant(connection, tenant_id, some))
    return found


async def _of_tenant(
    connection: AsyncConnection, tenant_id: UUID, crossings: Sequence[Recorded[Crossing]]
) -> Mapping[UUID, AccountFacts]:
    entities = {
        code: await entity_of(connection, tenant_id, code)
        for code in sorted({recorded.legal_entity for recorded in crossings})
    }
    whose = {recorded.event.account_id for recorded in crossings}
    accounts = {
        row.account_id: row
        for row in await _rows(connection, AccountRow, tenant_id, account_id=whose)
    }
    grades: dict[UUID, list[GradeOnDay]] = {}
    for grade in await _rows(connection, GradeRow, tenant_id, account_id=whose):
        on_day = GradeOnDay(grade.effective_on, grade.grade)
        grades.setdefault(grade.account_id, []).append(on_day)
    ids = {recorded.event.open_item_id for recorded in crossings}
    items = {
        row.open_item_id: row
        for row in await _rows(connection, OpenItemRow, tenant_id, open_item_id=ids)
    }
    return {
        recorded.id: _facts(
            recorded,
            entities[recorded.legal_entity],
            accounts.get(recorded.event.account_id),
            grades.get(recorded.event.account_id, ()),
            items.get(recorded.event.open_item_id),
        )
        for recorded in crossings
    }


def _facts(
    recorded: Recorded[Crossing],
    entity: LegalEntityRow,
    account: AccountRow | None,
    grades: Sequence[GradeOnDay],
    item: OpenItemRow | None,
) -> AccountFacts:
    if account is None:
        raise CorruptHistory("an item of an account that was never opened")
    return AccountFacts(
        time_zone=account.time_zone,
        take_over_on=entity.take_over_on,
        collector_id=account.collector_id,
        grades=[grade for grade in grades if grade.effective_on < recorded.effective_on],
        latest_step=item.latest_step if item else None,
        is_settled=item is not None and item.open_minor == 0,
    )


async def _rows(
    connection: AsyncConnection, kind: type[R], tenant_id: UUID, **ids: Iterable[Any]
) -> Sequence[R]:
    """Those of the tenant whose column is one of these ids."""
    table = table_of(kind)
    wanted = [table.c[name].in_(sorted(some)) for name, some in ids.items()]
    statement = sa.select(table).where(table.c.tenant_id == tenant_id, *wanted)
    found = await connection.execute(statement)
    return rows_of(kind, found)
