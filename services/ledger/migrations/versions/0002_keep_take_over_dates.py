"""Keep take-over dates, the smallest amounts of a notice, and addresses of legal entities."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("legal_entity", sa.Column("take_over_on", sa.Date()))
    op.add_column(
        "legal_entity", sa.Column("notice_minimum_minor", sa.BigInteger(), nullable=False)
    )
    op.add_column("legal_entity", sa.Column("address", sa.Text()))


def downgrade() -> None:
    raise NotImplementedError("events are never thrown away")
