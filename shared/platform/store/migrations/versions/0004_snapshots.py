"""What long streams were folded to."""

from __future__ import annotations

from alembic import op

from shared.platform.store.schema import snapshot_statements

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in snapshot_statements():
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE es_snapshot")
