"""Dunning's first schema: the notes and the read models."""

from __future__ import annotations

from typing import Final

from alembic import op

from shared.platform.store.schema import create_private_table, protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES: Final = {
    "known_legal_entity": (
        """
CREATE TABLE known_legal_entity (
  tenant_id UUID NOT NULL,
  legal_entity TEXT NOT NULL,
  take_over_on DATE,
  currency TEXT NOT NULL,
  minimum_minor BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, legal_entity)
)""",
    ),
    "known_account": (
        """
CREATE TABLE known_account (
  tenant_id UUID NOT NULL,
  account_id UUID NOT NULL,
  legal_entity TEXT NOT NULL,
  number TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  currency TEXT NOT NULL,
  collector_id UUID,
  PRIMARY KEY (tenant_id, account_id)
)""",
    ),
    "known_grade": (
        """
CREATE TABLE known_grade (
  tenant_id UUID NOT NULL,
  account_id UUID NOT NULL,
  effective_on DATE NOT NULL,
  grade TEXT NOT NULL,
  PRIMARY KEY (tenant_id, account_id, effective_on)
)""",
    ),
    "known_payment": (
        """
CREATE TABLE known_payment (
  tenant_id UUID NOT NULL,
  payment_id UUID NOT NULL,
  account_id UUID NOT NULL,
  currency TEXT NOT NULL,
  unallocated_minor BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, payment_id)
)""",
        """
CREATE INDEX known_payment_tenant_id_account_id_currency
  ON known_payment (tenant_id, account_id, currency)""",
    ),
    "known_open_item": (
        """
CREATE TABLE known_open_item (
  tenant_id UUID NOT NULL,
  open_item_id UUID NOT NULL,
  account_id UUID NOT NULL,
  invoice_id UUID NOT NULL,
  invoice_number TEXT NOT NULL,
  installment BIGINT NOT NULL,
  due_on DATE NOT NULL,
  currency TEXT NOT NULL,
  open_minor BIGINT NOT NULL,
  latest_step BIGINT,
  PRIMARY KEY (tenant_id, open_item_id)
)""",
        """
CREATE INDEX known_open_item_tenant_id_account_id_currency
  ON known_open_item (tenant_id, account_id, currency)""",
    ),
    "overdue_alert_feed": (
        """
CREATE TABLE overdue_alert_feed (
  tenant_id UUID NOT NULL,
  partition_no BIGINT NOT NULL,
  log_offset BIGINT NOT NULL,
  shown_at TIMESTAMPTZ NOT NULL,
  id UUID NOT NULL,
  event TEXT NOT NULL,
  alert_id UUID NOT NULL,
  account_id UUID NOT NULL,
  legal_entity TEXT NOT NULL,
  account_number TEXT NOT NULL,
  open_item_id UUID NOT NULL,
  invoice_number TEXT NOT NULL,
  installment BIGINT NOT NULL,
  due_on DATE NOT NULL,
  effective_on DATE NOT NULL,
  recorded_at TIMESTAMPTZ NOT NULL,
  threshold_days BIGINT NOT NULL,
  grade TEXT NOT NULL,
  collector_id UUID,
  currency TEXT NOT NULL,
  open_minor BIGINT NOT NULL,
  policy_version TEXT NOT NULL,
  PRIMARY KEY (tenant_id, partition_no, log_offset)
)""",
        """
CREATE INDEX overdue_alert_feed_tenant_id_id
  ON overdue_alert_feed (tenant_id, id)""",
        """
CREATE INDEX overdue_alert_feed_tenant_id_shown_at_partition_no_log_offse
  ON overdue_alert_feed (tenant_id, shown_at, partition_no, log_offset)""",
    ),
    "overdue_alert_feed_head": (
        """
CREATE TABLE overdue_alert_feed_head (
  tenant_id UUID NOT NULL,
  partition_no BIGINT NOT NULL,
  shown_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (tenant_id, partition_no)
)""",
    ),
    "notice": (
        """
CREATE TABLE notice (
  tenant_id UUID NOT NULL,
  id UUID NOT NULL,
  account_id UUID NOT NULL,
  account_number TEXT NOT NULL,
  legal_entity TEXT NOT NULL,
  currency TEXT NOT NULL,
  written_on DATE NOT NULL,
  channel TEXT NOT NULL,
  template TEXT NOT NULL,
  step BIGINT NOT NULL,
  grade TEXT NOT NULL,
  items TEXT NOT NULL,
  part BIGINT NOT NULL,
  parts BIGINT NOT NULL,
  open_minor BIGINT NOT NULL,
  unallocated_minor BIGINT NOT NULL,
  demanded_minor BIGINT NOT NULL,
  instead_of UUID,
  status TEXT NOT NULL,
  message_id TEXT,
  reason TEXT,
  ended_on DATE,
  version BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id)
)""",
        """
CREATE INDEX notice_tenant_id_written_on_id
  ON notice (tenant_id, written_on, id)""",
    ),
    "dunning_case": (
        """
CREATE TABLE dunning_case (
  tenant_id UUID NOT NULL,
  id UUID NOT NULL,
  account_id UUID NOT NULL,
  account_number TEXT NOT NULL,
  legal_entity TEXT NOT NULL,
  currency TEXT NOT NULL,
  status TEXT NOT NULL,
  opened_on DATE NOT NULL,
  closed_on DATE,
  version BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id)
)""",
        """
CREATE INDEX dunning_case_tenant_id_status_opened_on_id
  ON dunning_case (tenant_id, status, opened_on, id)""",
    ),
    "dunning_case_item": (
        """
CREATE TABLE dunning_case_item (
  tenant_id UUID NOT NULL,
  case_id UUID NOT NULL,
  open_item_id UUID NOT NULL,
  invoice_id UUID NOT NULL,
  invoice_number TEXT NOT NULL,
  installment BIGINT NOT NULL,
  due_on DATE NOT NULL,
  PRIMARY KEY (tenant_id, case_id, open_item_id)
)""",
    ),
    "dunning_task": (
        """
CREATE TABLE dunning_task (
  tenant_id UUID NOT NULL,
  id UUID NOT NULL,
  account_id UUID NOT NULL,
  account_number TEXT NOT NULL,
  legal_entity TEXT NOT NULL,
  kind TEXT NOT NULL,
  oldest_due_on DATE NOT NULL,
  step BIGINT,
  grade TEXT NOT NULL,
  currency TEXT NOT NULL,
  item_count BIGINT NOT NULL,
  open_minor BIGINT NOT NULL,
  status TEXT NOT NULL,
  opened_on DATE NOT NULL,
  outcome TEXT,
  ended_on DATE,
  version BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id)
)""",
        """
CREATE INDEX dunning_task_tenant_id_status_opened_on_id
  ON dunning_task (tenant_id, status, opened_on, id)""",
    ),
    "dunning_task_item": (
        """
CREATE TABLE dunning_task_item (
  tenant_id UUID NOT NULL,
  task_id UUID NOT NULL,
  open_item_id UUID NOT NULL,
  invoice_number TEXT NOT NULL,
  installment BIGINT NOT NULL,
  due_on DATE NOT NULL,
  currency TEXT NOT NULL,
  open_minor BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, task_id, open_item_id)
)""",
    ),
    "case_plan": (
        """
CREATE TABLE case_plan (
  tenant_id UUID NOT NULL,
  case_id UUID NOT NULL,
  account_id UUID NOT NULL,
  currency TEXT NOT NULL,
  review_at TIMESTAMPTZ,
  last_notice_on DATE,
  last_notice_step BIGINT,
  PRIMARY KEY (tenant_id, case_id)
)""",
    ),
    "case_step": (
        """
CREATE TABLE case_step (
  tenant_id UUID NOT NULL,
  case_id UUID NOT NULL,
  crossing_id UUID NOT NULL,
  open_item_id UUID NOT NULL,
  step BIGINT NOT NULL,
  reached_on DATE NOT NULL,
  is_returned BOOLEAN NOT NULL,
  is_history BOOLEAN NOT NULL,
  PRIMARY KEY (tenant_id, case_id, crossing_id)
)""",
    ),
    "promise": (
        """
CREATE TABLE promise (
  tenant_id UUID NOT NULL,
  id UUID NOT NULL,
  account_id UUID NOT NULL,
  account_number TEXT NOT NULL,
  legal_entity TEXT NOT NULL,
  number TEXT NOT NULL,
  status TEXT NOT NULL,
  currency TEXT NOT NULL,
  amount_minor BIGINT NOT NULL,
  promised_on DATE NOT NULL,
  made_on DATE NOT NULL,
  recorded_at TIMESTAMPTZ NOT NULL,
  received_minor BIGINT,
  kept_on DATE,
  note_id UUID,
  version BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id)
)""",
        """
CREATE INDEX promise_tenant_id_account_id
  ON promise (tenant_id, account_id)""",
        """
CREATE INDEX promise_tenant_id_promised_on_id
  ON promise (tenant_id, promised_on, id)""",
    ),
    "promised_cash": (
        """
CREATE TABLE promised_cash (
  tenant_id UUID NOT NULL,
  account_id UUID NOT NULL,
  allocation_id UUID NOT NULL,
  currency TEXT NOT NULL,
  amount_minor BIGINT NOT NULL,
  value_on DATE NOT NULL,
  recorded_at TIMESTAMPTZ NOT NULL,
  log_offset BIGINT NOT NULL,
  taken_back_at_offset BIGINT,
  PRIMARY KEY (tenant_id, account_id, allocation_id)
)""",
    ),
    "contact": (
        """
CREATE TABLE contact (
  tenant_id UUID NOT NULL,
  id UUID NOT NULL,
  account_id UUID NOT NULL,
  account_number TEXT NOT NULL,
  legal_entity TEXT NOT NULL,
  number TEXT NOT NULL,
  channel TEXT NOT NULL,
  day DATE NOT NULL,
  contacted_at TIMESTAMPTZ NOT NULL,
  open_item_ids TEXT NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT,
  next_step TEXT,
  next_step_on DATE,
  note_id UUID,
  version BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id)
)""",
        """
CREATE INDEX contact_tenant_id_contacted_at_id
  ON contact (tenant_id, contacted_at, id)""",
    ),
    "collection_entry": (
        """
CREATE TABLE collection_entry (
  tenant_id UUID NOT NULL,
  id UUID NOT NULL,
  account_id UUID NOT NULL,
  legal_entity TEXT NOT NULL,
  kind TEXT NOT NULL,
  event TEXT NOT NULL,
  day DATE NOT NULL,
  recorded_at TIMESTAMPTZ NOT NULL,
  log_offset BIGINT NOT NULL,
  resource_id UUID NOT NULL,
  version BIGINT NOT NULL,
  note_id UUID,
  details TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
)""",
        """
CREATE INDEX collection_entry_tenant_id_account_id_day
  ON collection_entry (tenant_id, account_id, day)""",
        """
CREATE INDEX collection_entry_tenant_id_day_recorded_at_log_offset_id
  ON collection_entry (tenant_id, day, recorded_at, log_offset, id)""",
    ),
}


def upgrade() -> None:
    create_private_table(op, "note")
    for table, statements in TABLES.items():
        for statement in statements:
            op.execute(statement)
        protect(op, table)


def downgrade() -> None:
    raise NotImplementedError("events are never thrown away")
