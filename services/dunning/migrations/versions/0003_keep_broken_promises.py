"""Keep when a promise was broken, and since when cash counts for it; drop cash taken back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("promise", sa.Column("counts_from", sa.DateTime(timezone=True), nullable=False))
    op.add_column("promise", sa.Column("broken_on", sa.Date()))
    op.drop_column("promise", "recorded_at")
    op.drop_column("promised_cash", "log_offset")
    op.drop_column("promised_cash", "taken_back_at_offset")


def downgrade() -> None:
    raise NotImplementedError("events are never thrown away")
