"""Ask for customers: their overdue items, open tasks and last contact are found by index."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("known_open_item_tenant_id_account_id_currency", table_name="known_open_item")
    op.create_index(
        "known_open_item_tenant_id_account_id_currency_latest_step",
        "known_open_item",
        ["tenant_id", "account_id", "currency", "latest_step"],
    )
    op.create_index(
        "dunning_task_tenant_id_account_id_status",
        "dunning_task",
        ["tenant_id", "account_id", "status"],
    )
    op.create_index(
        "contact_tenant_id_account_id_contacted_at",
        "contact",
        ["tenant_id", "account_id", "contacted_at"],
    )


def downgrade() -> None:
    raise NotImplementedError("events are never thrown away")
