"""Files of commands that were taken, what is left to do of them, and what became of each line."""

from __future__ import annotations

from alembic import op

from shared.platform.store.schema import import_statements

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in import_statements():
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("what is left to do of a file that was taken would be lost")
