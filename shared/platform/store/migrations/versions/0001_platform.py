"""The platform's tables, the same in every service's database."""

from __future__ import annotations

from alembic import op

from shared.platform.store.schema import first_statements

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in first_statements():
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("events are never thrown away")
