"""The streams that a worker passes over because of an event it could not take."""

from __future__ import annotations

from alembic import op

from shared.platform.store.schema import parked_stream_statements

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in parked_stream_statements():
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("a stream that is parked would be passed over and nobody would know")
