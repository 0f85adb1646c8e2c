"""Keep payment terms of invoices, and discount windows of installments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invoice", sa.Column("terms", sa.Text()))
    op.drop_column("invoice", "add_days")
    op.add_column("invoice_installment", sa.Column("discounts", sa.Text()))


def downgrade() -> None:
    raise NotImplementedError("events are never thrown away")
