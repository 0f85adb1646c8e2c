"""Keep what is overdue of each customer, by which the work list is in order."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from shared.platform.store.schema import over_all_tenants, protect

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FILL: Final = """
INSERT INTO known_overdue
SELECT tenant_id, account_id, currency, -sum(open_minor)
  FROM known_open_item WHERE latest_step > 0 AND open_minor > 0
 GROUP BY tenant_id, account_id, currency"""


def upgrade() -> None:
    op.create_table(
        "known_overdue",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("minus_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "currency"),
    )
    with over_all_tenants(op, "known_open_item"):
        op.execute(FILL)
    protect(op, "known_overdue")
    op.create_index(
        "known_overdue_tenant_id_currency_minus_minor",
        "known_overdue",
        ["tenant_id", "currency", "minus_minor"],
    )
    op.create_index(
        "dunning_case_tenant_id_account_id_currency",
        "dunning_case",
        ["tenant_id", "account_id", "currency"],
    )


def downgrade() -> None:
    raise NotImplementedError("events are never thrown away")
