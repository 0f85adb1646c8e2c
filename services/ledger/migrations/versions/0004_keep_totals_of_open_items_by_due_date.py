"""Keep totals of open items by due date, and an index for pages of aging by account."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from shared.platform.store.schema import over_all_tenants, protect

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY: Final = ("tenant_id", "legal_entity", "partition_no", "currency", "kind", "listed_on")

# An item is counted in the partition of its stream, as the projector counts it.
FILL: Final = """
INSERT INTO open_total
SELECT i.tenant_id, i.legal_entity, s.partition_no, i.currency, i.kind, i.listed_on, i.due_on,
       count(*), sum(i.open_minor)
  FROM open_item i
  JOIN es_stream s ON s.tenant_id = i.tenant_id AND s.stream_id = i.stream_id
 WHERE i.open_minor <> 0
 GROUP BY i.tenant_id, i.legal_entity, s.partition_no, i.currency, i.kind, i.listed_on, i.due_on"""


def upgrade() -> None:
    op.create_table(
        "open_total",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("legal_entity", sa.Text(), nullable=False),
        sa.Column("partition_no", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("listed_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date()),
        sa.Column("item_count", sa.BigInteger(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*KEY),
    )
    # An owner that is no superuser would see no row of any tenant.
    with over_all_tenants(op, "open_item", "es_stream"):
        op.execute(FILL)
    protect(op, "open_total")
    op.create_index(
        "open_item_tenant_id_legal_entity_account_number_account_id_c",
        "open_item",
        ["tenant_id", "legal_entity", "account_number", "account_id", "currency"],
        postgresql_where=sa.text("open_minor <> 0"),
    )


def downgrade() -> None:
    raise NotImplementedError("events are never thrown away")
