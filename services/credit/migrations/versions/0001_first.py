"""The first schema of credit: the platform's tables and the read models."""

from __future__ import annotations

from typing import Final

from alembic import op

from shared.platform.store.schema import create_platform_tables, protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES: Final = {
    "behavior_allocation": """
CREATE TABLE behavior_allocation (
  tenant_id UUID NOT NULL,
  account_id UUID NOT NULL,
  allocation_id UUID NOT NULL,
  open_item_id UUID NOT NULL,
  amount_minor BIGINT NOT NULL,
  value_on DATE NOT NULL,
  due_on DATE,
  effective_on DATE NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  unapplied_on DATE,
  unapply_recorded_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (tenant_id, account_id, allocation_id)
)""",
    "behavior_invoice": """
CREATE TABLE behavior_invoice (
  tenant_id UUID NOT NULL,
  account_id UUID NOT NULL,
  open_item_id UUID NOT NULL,
  total_minor BIGINT NOT NULL,
  issued_on DATE NOT NULL,
  due_on DATE,
  effective_on DATE NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  canceled_on DATE,
  cancel_recorded_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (tenant_id, account_id, open_item_id)
)""",
    "credit_file": """
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
    "credit_grade": """
CREATE TABLE credit_grade (
  tenant_id UUID NOT NULL,
  account_id UUID NOT NULL,
  as_of DATE NOT NULL,
  grade TEXT NOT NULL,
  from_grade TEXT NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (tenant_id, account_id, as_of)
)""",
    "credit_review": """
CREATE TABLE credit_review (
  tenant_id UUID NOT NULL,
  account_id UUID NOT NULL,
  as_of DATE NOT NULL,
  started_at TIMESTAMP WITH TIME ZONE NOT NULL,
  scored_at TIMESTAMP WITH TIME ZONE,
  score_points INTEGER,
  score TEXT,
  coverage TEXT,
  band TEXT,
  allocations INTEGER,
  details TEXT,
  PRIMARY KEY (tenant_id, account_id, as_of)
)""",
    "exposure_account": """
CREATE TABLE exposure_account (
  tenant_id UUID NOT NULL,
  account_id UUID NOT NULL,
  legal_entity TEXT NOT NULL,
  account_number TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  currency TEXT NOT NULL,
  PRIMARY KEY (tenant_id, account_id)
)""",
    "exposure_limit": """
CREATE TABLE exposure_limit (
  tenant_id UUID NOT NULL,
  account_id UUID NOT NULL,
  version BIGINT NOT NULL,
  limit_minor BIGINT NOT NULL,
  effective_on DATE NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (tenant_id, account_id, version)
)""",
    "exposure_movement": """
CREATE TABLE exposure_movement (
  tenant_id UUID NOT NULL,
  account_id UUID NOT NULL,
  stream_id UUID NOT NULL,
  version BIGINT NOT NULL,
  minor BIGINT NOT NULL,
  effective_on DATE NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (tenant_id, account_id, stream_id, version)
)""",
}

INDEXES: Final = (
    "CREATE INDEX credit_file_number ON credit_file (tenant_id, legal_entity, account_number)",
    "CREATE INDEX exposure_account_number ON exposure_account "
    "(tenant_id, legal_entity, account_number)",
)


def upgrade() -> None:
    create_platform_tables(op)
    for name, statement in TABLES.items():
        op.execute(statement)
        protect(op, name)
    for statement in INDEXES:
        op.execute(statement)


def downgrade() -> None:
    """Nothing is taken back: a read model is rebuilt, an event store never shrinks."""
    raise NotImplementedError
