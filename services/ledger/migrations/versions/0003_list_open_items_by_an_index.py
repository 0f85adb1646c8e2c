"""Keep the place of open items in a list by due date, with an index for their pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.platform.store.schema import over_all_tenants

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OPEN = sa.text("open_minor <> 0")


def upgrade() -> None:
    op.add_column("open_item", sa.Column("listed_on", sa.Date()))
    with over_all_tenants(op, "open_item"):
        op.execute("UPDATE open_item SET listed_on = coalesce(due_on, DATE '9999-12-31')")
    op.alter_column("open_item", "listed_on", nullable=False)
    op.create_index(
        "open_item_tenant_id_legal_entity_listed_on_open_item_id",
        "open_item",
        ["tenant_id", "legal_entity", "listed_on", "open_item_id"],
        postgresql_where=OPEN,
    )
    op.create_index(
        "open_item_tenant_id_listed_on_open_item_id",
        "open_item",
        ["tenant_id", "listed_on", "open_item_id"],
        postgresql_where=OPEN,
    )


def downgrade() -> None:
    raise NotImplementedError("events are never thrown away")
