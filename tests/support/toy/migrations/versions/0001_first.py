"""The toy's first schema: its read models."""

from alembic import op

from tests.support.toy.wallets import STATEMENTS

revision = "0001"
down_revision = None


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
