"""Where what was said is kept, for questions that show it; no event holds it."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

NOTE: Final = sa.table(
    "note", sa.column("tenant_id", sa.Uuid), sa.column("id", sa.Uuid), sa.column("details", sa.JSON)
)


def is_note_of(table: sa.Table) -> sa.ColumnElement[bool]:
    """Joins what was said to a table with a `note_id`."""
    return sa.and_(NOTE.c.tenant_id == table.c.tenant_id, NOTE.c.id == table.c.note_id)


def with_note(table: sa.Table, tenant_id: UUID) -> sa.Select[Any]:
    """A tenant's rows of a table, and as `note` what was said; null: nothing."""
    found = sa.select(table, NOTE.c.details.label("note"))
    joined = found.join_from(table, NOTE, is_note_of(table), isouter=True)
    return joined.where(table.c.tenant_id == tenant_id)
