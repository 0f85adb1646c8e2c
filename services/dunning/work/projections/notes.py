"""Where what was said is kept, for questions that show it; no event holds it."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

NOTE: Final = sa.table(
    "note", sa.column("tenant_id", sa.Uuid), sa.column("id", sa.Uuid), sa.column("details", sa.JSON)
)
