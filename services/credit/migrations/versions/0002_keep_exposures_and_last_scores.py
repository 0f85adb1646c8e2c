"""Keep what each account owes now beside its limit, and the last score of each file."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from shared.platform.store.schema import over_all_tenants, protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

EXPOSURES: Final = """
INSERT INTO exposure_now
SELECT a.tenant_id, a.account_id, a.currency, coalesce(m.minor, 0), l.limit_minor,
       coalesce(coalesce(m.minor, 0) > l.limit_minor, false),
       greatest(m.last_on, l.last_on, DATE '1900-01-01'),
       greatest(m.last_at, l.last_at, TIMESTAMPTZ '1900-01-01 00:00:00+00')
  FROM (SELECT tenant_id, account_id, currency FROM exposure_account
         UNION SELECT tenant_id, account_id, currency FROM exposure_limit) AS a
  LEFT JOIN (SELECT tenant_id, account_id, currency, sum(minor) AS minor,
                    max(effective_on) AS last_on, max(recorded_at) AS last_at
               FROM exposure_movement GROUP BY tenant_id, account_id, currency) AS m
      USING (tenant_id, account_id, currency)
  LEFT JOIN (SELECT tenant_id, account_id,
                    (array_agg(limit_minor ORDER BY version DESC))[1] AS limit_minor,
                    max(effective_on) AS last_on, max(recorded_at) AS last_at
               FROM exposure_limit GROUP BY tenant_id, account_id) AS l
      USING (tenant_id, account_id)"""
SCORES: Final = """
UPDATE credit_file f SET scored_as_of = r.as_of, sort_points = r.score_points
  FROM (SELECT DISTINCT ON (tenant_id, account_id) tenant_id, account_id, as_of, score_points
          FROM credit_review WHERE scored_at IS NOT NULL
         ORDER BY tenant_id, account_id, as_of DESC) AS r
 WHERE r.tenant_id = f.tenant_id AND r.account_id = f.account_id"""


def upgrade() -> None:
    op.create_table(
        "exposure_now",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("minor", sa.BigInteger(), nullable=False),
        sa.Column("limit_minor", sa.BigInteger()),
        sa.Column("is_exceeded", sa.Boolean(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "account_id"),
    )
    op.add_column("credit_file", sa.Column("scored_as_of", sa.Date()))
    op.add_column("credit_file", sa.Column("sort_points", sa.BigInteger()))
    # An owner that is no superuser would see no row of any tenant.
    filled_from = ("exposure_account", "exposure_movement", "exposure_limit", "credit_review")
    with over_all_tenants(op, "credit_file", *filled_from):
        op.execute(EXPOSURES)
        op.execute(SCORES)
        op.execute("UPDATE credit_file SET sort_points = 2000000 WHERE sort_points IS NULL")
    op.alter_column("credit_file", "sort_points", nullable=False)
    protect(op, "exposure_now")
    for name, columns, where in (
        ("exposure_now_tenant_id_account_id", ["tenant_id", "account_id"], "is_exceeded"),
        ("exposure_now_tenant_id_last_at", ["tenant_id", "last_at"], None),
        ("exposure_now_tenant_id_last_on", ["tenant_id", "last_on"], None),
    ):
        condition = sa.text(where) if where else None
        op.create_index(name, "exposure_now", columns, postgresql_where=condition)
    op.create_index(
        "credit_file_tenant_id_sort_points_legal_entity_account_numbe",
        "credit_file",
        ["tenant_id", "sort_points", "legal_entity", "account_number"],
    )


def downgrade() -> None:
    raise NotImplementedError("events are never thrown away")
