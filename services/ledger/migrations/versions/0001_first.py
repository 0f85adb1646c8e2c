"""The ledger's first schema: the parties and the read models."""

from __future__ import annotations

from typing import Final

from alembic import op

from shared.platform.store.schema import create_private_table, protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES: Final = {
    "legal_entity": (
        """
CREATE TABLE legal_entity (
  tenant_id UUID NOT NULL,
  code TEXT NOT NULL,
  legal_entity_id UUID NOT NULL,
  name TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  currency TEXT NOT NULL,
  registered_on DATE NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, code)
)""",
    ),
    "account": (
        """
CREATE TABLE account (
  tenant_id UUID NOT NULL,
  account_id UUID NOT NULL,
  legal_entity TEXT NOT NULL,
  number TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  currency TEXT NOT NULL,
  party_id UUID NOT NULL,
  collector_id UUID,
  opened_on DATE NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, account_id)
)""",
        """
CREATE UNIQUE INDEX account_tenant_id_legal_entity_number
  ON account (tenant_id, legal_entity, number)""",
    ),
    "invoice": (
        """
CREATE TABLE invoice (
  tenant_id UUID NOT NULL,
  invoice_id UUID NOT NULL,
  legal_entity TEXT NOT NULL,
  account_id UUID NOT NULL,
  account_number TEXT NOT NULL,
  number TEXT NOT NULL,
  currency TEXT NOT NULL,
  total_minor BIGINT NOT NULL,
  open_minor BIGINT NOT NULL,
  status TEXT NOT NULL,
  issued_on DATE NOT NULL,
  due_on DATE,
  add_days BIGINT,
  recorded_at TIMESTAMPTZ NOT NULL,
  canceled_on DATE,
  canceled_at TIMESTAMPTZ,
  version BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, invoice_id)
)""",
        """
CREATE INDEX invoice_tenant_id_account_id_due_on_issued_on_number
  ON invoice (tenant_id, account_id, due_on, issued_on, number)
  WHERE status = 'open'""",
        """
CREATE INDEX invoice_tenant_id_account_id_issued_on_invoice_id
  ON invoice (tenant_id, account_id, issued_on, invoice_id)""",
        """
CREATE INDEX invoice_tenant_id_issued_on_invoice_id
  ON invoice (tenant_id, issued_on, invoice_id)""",
        """
CREATE UNIQUE INDEX invoice_tenant_id_legal_entity_number
  ON invoice (tenant_id, legal_entity, number)""",
    ),
    "invoice_installment": (
        """
CREATE TABLE invoice_installment (
  tenant_id UUID NOT NULL,
  invoice_id UUID NOT NULL,
  installment BIGINT NOT NULL,
  open_item_id UUID NOT NULL,
  due_on DATE,
  currency TEXT NOT NULL,
  amount_minor BIGINT NOT NULL,
  open_minor BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, invoice_id, installment)
)""",
    ),
    "invoice_allocation": (
        """
CREATE TABLE invoice_allocation (
  tenant_id UUID NOT NULL,
  invoice_id UUID NOT NULL,
  allocation_id UUID NOT NULL,
  payment_id UUID NOT NULL,
  payment_number TEXT NOT NULL,
  installment BIGINT NOT NULL,
  currency TEXT NOT NULL,
  amount_minor BIGINT NOT NULL,
  value_on DATE NOT NULL,
  applied_on DATE NOT NULL,
  applied_at TIMESTAMPTZ NOT NULL,
  unapplied_on DATE,
  unapplied_at TIMESTAMPTZ,
  PRIMARY KEY (tenant_id, invoice_id, allocation_id)
)""",
    ),
    "payment": (
        """
CREATE TABLE payment (
  tenant_id UUID NOT NULL,
  payment_id UUID NOT NULL,
  legal_entity TEXT NOT NULL,
  account_id UUID NOT NULL,
  account_number TEXT NOT NULL,
  number TEXT NOT NULL,
  currency TEXT NOT NULL,
  amount_minor BIGINT NOT NULL,
  unallocated_minor BIGINT NOT NULL,
  status TEXT NOT NULL,
  value_on DATE NOT NULL,
  method TEXT NOT NULL,
  payer_id UUID,
  reference TEXT,
  open_item_id UUID NOT NULL,
  recorded_at TIMESTAMPTZ NOT NULL,
  reversed_on DATE,
  reversed_at TIMESTAMPTZ,
  reason TEXT,
  version BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, payment_id)
)""",
        """
CREATE INDEX payment_tenant_id_account_id_value_on_payment_id
  ON payment (tenant_id, account_id, value_on, payment_id)""",
        """
CREATE UNIQUE INDEX payment_tenant_id_legal_entity_number
  ON payment (tenant_id, legal_entity, number)""",
        """
CREATE INDEX payment_tenant_id_value_on_payment_id
  ON payment (tenant_id, value_on, payment_id)""",
    ),
    "payment_allocation": (
        """
CREATE TABLE payment_allocation (
  tenant_id UUID NOT NULL,
  payment_id UUID NOT NULL,
  allocation_id UUID NOT NULL,
  invoice_id UUID NOT NULL,
  invoice_number TEXT NOT NULL,
  installment BIGINT NOT NULL,
  currency TEXT NOT NULL,
  amount_minor BIGINT NOT NULL,
  due_on DATE,
  allocated_on DATE NOT NULL,
  allocated_at TIMESTAMPTZ NOT NULL,
  taken_back_on DATE,
  taken_back_at TIMESTAMPTZ,
  PRIMARY KEY (tenant_id, payment_id, allocation_id)
)""",
    ),
    "open_item": (
        """
CREATE TABLE open_item (
  tenant_id UUID NOT NULL,
  open_item_id UUID NOT NULL,
  legal_entity TEXT NOT NULL,
  account_id UUID NOT NULL,
  account_number TEXT NOT NULL,
  kind TEXT NOT NULL,
  stream_id UUID NOT NULL,
  number TEXT NOT NULL,
  installment BIGINT NOT NULL,
  currency TEXT NOT NULL,
  dated_on DATE NOT NULL,
  due_on DATE,
  open_minor BIGINT NOT NULL,
  first_on DATE NOT NULL,
  first_at TIMESTAMPTZ NOT NULL,
  last_on DATE NOT NULL,
  last_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant_id, open_item_id)
)""",
        """
CREATE INDEX open_item_tenant_id_account_id
  ON open_item (tenant_id, account_id)""",
        """
CREATE INDEX open_item_tenant_id_legal_entity_account_id
  ON open_item (tenant_id, legal_entity, account_id)
  WHERE open_minor <> 0""",
        """
CREATE INDEX open_item_tenant_id_legal_entity_last_at
  ON open_item (tenant_id, legal_entity, last_at)""",
        """
CREATE INDEX open_item_tenant_id_legal_entity_last_on
  ON open_item (tenant_id, legal_entity, last_on)""",
    ),
    "open_item_movement": (
        """
CREATE TABLE open_item_movement (
  tenant_id UUID NOT NULL,
  open_item_id UUID NOT NULL,
  version BIGINT NOT NULL,
  effective_on DATE NOT NULL,
  recorded_at TIMESTAMPTZ NOT NULL,
  currency TEXT NOT NULL,
  minor BIGINT NOT NULL,
  type TEXT NOT NULL,
  PRIMARY KEY (tenant_id, open_item_id, version)
)""",
    ),
}


def upgrade() -> None:
    create_private_table(op, "party")
    for table, statements in TABLES.items():
        for statement in statements:
            op.execute(statement)
        protect(op, table)


def downgrade() -> None:
    raise NotImplementedError("events are never thrown away")
