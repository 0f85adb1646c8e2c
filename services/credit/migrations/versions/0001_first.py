"""Credit's first schema: the read models."""

from __future__ import annotations

from typing import Final

from alembic import op

from shared.platform.store.schema import protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES: Final = {
    "behavior_invoice": (
        """
CREATE TABLE behavior_invoice (
  tenant_id UUID NOT NULL,
  account_id UUID NOT NULL,
  open_item_id UUID NOT NULL,
  currency TEXT NOT NULL,
  total_minor BIGINT NOT NULL,
  issued_on DATE NOT NULL,
  due_on DATE,
  effective_on DATE NOT NULL,
  recorded_at TIMESTAMPTZ NOT NULL,
  canceled_on DATE,
  cancel_recorded_at TIMESTAMPTZ,
  PRIMARY KEY (tenant_id, account_id, open_item_id)
)""",
    ),
    "behavior_allocation": (
        """
CREATE TABLE behavior_allocation (
  tenant_id UUID NOT NULL,
  account_id UUID NOT NULL,
  allocation_id UUID NOT NULL,
  open_item_id UUID NOT NULL,
  currency TEXT NOT NULL,
  amount_minor BIGINT NOT NULL,
  value_on DATE NOT NULL,
  due_on DATE,
  effective_on DATE NOT NULL,
  recorded_at TIMESTAMPTZ NOT NULL,
  unapplied_on DATE,
  unapply_recorded_at TIMESTAMPTZ,
  PRIMARY KEY (tenant_id, account_id, allocation_id)
)""",
    ),
    "exposure_account": (
        """
CREATE TABLE exposure_account (
  tenant_id UUID NOT NULL,
  account_id UUID NOT NULL,
  legal_entity TEXT NOT NULL,
  account_number TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  currency TEXT NOT NULL,
  PRIMARY KEY (tenant_id, account_id)
)""",
        """
CREATE INDEX exposure_account_tenant_id_legal_entity_account_number
  ON exposure_account (tenant_id, legal_entity, account_number)""",
    ),
    "exposure_movement": (
        """
CREATE TABLE exposure_movement (
  tenant_id UUID NOT NULL,
  account_id UUID NOT NULL,
  stream_id UUID NOT NULL,
  version BIGINT NOT NULL,
  currency TEXT NOT NULL,
  minor BIGINT NOT NULL,
  effective_on DATE NOT NULL,
  recorded_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant_id, account_id, stream_id, version)
)""",
    ),
    "exposure_limit": (
        """
CREATE TABLE exposure_limit (
  tenant_id UUID NOT NULL,
  account_id UUID NOT NULL,
  version BIGINT NOT NULL,
  currency TEXT NOT NULL,
  limit_minor BIGINT NOT NULL,
  effective_on DATE NOT NULL,
  recorded_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant_id, account_id, version)
)""",
    ),
    "credit_file": (
        """
CREATE TABLE credit_file (
  tenant_id UUID NOT NULL,
  account_id UUID NOT NULL,
  legal_entity TEXT NOT NULL,
  account_number TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  currency TEXT NOT NULL,
  opened_on DATE NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, account_id)
)""",
        """
CREATE INDEX credit_file_tenant_id_legal_entity_account_number
  ON credit_file (tenant_id, legal_entity, account_number)""",
    ),
    "credit_review": (
        """
CREATE TABLE credit_review (
  tenant_id UUID NOT NULL,
  account_id UUID NOT NULL,
  as_of DATE NOT NULL,
  started_at TIMESTAMPTZ NOT NULL,
  scored_at TIMESTAMPTZ,
  score_points BIGINT,
  score TEXT,
  coverage TEXT,
  band TEXT,
  allocations BIGINT,
  details TEXT,
  PRIMARY KEY (tenant_id, account_id, as_of)
)""",
    ),
    "credit_grade": (
        """
CREATE TABLE credit_grade (
  tenant_id UUID NOT NULL,
  account_id UUID NOT NULL,
  as_of DATE NOT NULL,
  grade TEXT NOT NULL,
  from_grade TEXT NOT NULL,
  recorded_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant_id, account_id, as_of)
)""",
    ),
}


def upgrade() -> None:
    for table, statements in TABLES.items():
        for statement in statements:
            op.execute(statement)
        protect(op, table)


def downgrade() -> None:
    raise NotImplementedError("events are never thrown away")
