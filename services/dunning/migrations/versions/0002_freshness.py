"""How fresh the read models are, and how long an event waits for the log."""

from __future__ import annotations

from alembic import op

from shared.platform.store.schema import tell_freshness

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    tell_freshness(op)


def downgrade() -> None:
    raise NotImplementedError("events are never thrown away")
