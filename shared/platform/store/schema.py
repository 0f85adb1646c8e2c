"""Declares the platform's tables, and what a service's migrations need of the platform.

One statement each, because the driver takes no more at a time. The migrating role owns the tables;
the processes run as the application role, which sees a tenant's rows only when bound to it and can
change no event.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

from shared.platform.database.pools import APP_ROLE

OUTBOX_VACUUM_THRESHOLD_ROWS: Final = 5_000  # An outbox is mostly dead rows: clean early, not late.

_ROLE: Final = f"""
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN
    BEGIN
      CREATE ROLE {APP_ROLE} NOLOGIN NOBYPASSRLS;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;  -- Another service of this cluster was faster.
    END;
  END IF;
  FOR attempt IN 1..20 LOOP
    EXIT WHEN pg_has_role(current_user, '{APP_ROLE}', CASE
      WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END);
    BEGIN
      EXECUTE format('GRANT {APP_ROLE} TO %I', current_user);
    EXCEPTION WHEN internal_error OR unique_violation THEN
      PERFORM pg_sleep(0.05);  -- Somebody grants the same at the same moment.
    END;
  END LOOP;
END $$"""

_STREAM: Final = """
CREATE TABLE es_stream (
  stream_id    uuid PRIMARY KEY,
  stream_type  text NOT NULL,
  tenant_id    uuid NOT NULL,
  account_id   uuid NOT NULL,
  legal_entity text NOT NULL,
  partition_no smallint NOT NULL,
  version      bigint NOT NULL CHECK (version >= 1)
) WITH (fillfactor = 80)"""

# CACHE 1: a connection that drew numbers in advance would break the order of positions.
_EVENT: Final = """
CREATE TABLE es_event (
  position     bigint GENERATED ALWAYS AS IDENTITY (CACHE 1),
  stream_id    uuid NOT NULL REFERENCES es_stream,
  version      bigint NOT NULL,
  event_id     uuid NOT NULL UNIQUE,
  type         text NOT NULL,
  schema_ver   smallint NOT NULL,
  tenant_id    uuid NOT NULL,
  account_id   uuid NOT NULL,
  partition_no smallint NOT NULL,
  effective_on date NOT NULL,
  recorded_at  timestamptz NOT NULL,
  data         bytea NOT NULL,
  headers      jsonb NOT NULL,
  PRIMARY KEY (stream_id, version)
)"""

_IMMUTABLE: Final = (
    """
CREATE FUNCTION es_event_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'events are never changed' USING ERRCODE = 'restrict_violation';
END $$""",
    """
CREATE TRIGGER es_event_row_is_immutable BEFORE UPDATE OR DELETE ON es_event
  FOR EACH ROW EXECUTE FUNCTION es_event_is_immutable()""",
    """
CREATE TRIGGER es_event_table_is_immutable BEFORE TRUNCATE ON es_event
  FOR EACH STATEMENT EXECUTE FUNCTION es_event_is_immutable()""",
)

_OUTBOX: Final = f"""
CREATE TABLE es_outbox (
  position     bigint NOT NULL,
  topic        text NOT NULL,
  partition_no smallint NOT NULL,
  tenant_id    uuid NOT NULL,
  xid          xid8 NOT NULL DEFAULT pg_current_xact_id(),
  stream_id    uuid NOT NULL,
  version      bigint NOT NULL,
  committed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (position, topic)
) WITH (autovacuum_vacuum_scale_factor = 0,
        autovacuum_vacuum_threshold = {OUTBOX_VACUUM_THRESHOLD_ROWS},
        autovacuum_vacuum_cost_delay = 0)"""

_COMMAND: Final = """
CREATE TABLE es_command (
  tenant_id    uuid NOT NULL,
  idem_key     text NOT NULL,
  request_hash bytea NOT NULL,
  response     bytea NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, idem_key)
)"""

_TIMER: Final = """
CREATE TABLE es_timer (
  stream_id     uuid NOT NULL,
  name          text NOT NULL,
  due_at        timestamptz NOT NULL,
  since_version bigint NOT NULL,
  partition_no  smallint NOT NULL,
  tenant_id     uuid NOT NULL,
  PRIMARY KEY (stream_id, name)
)"""

_LEASE: Final = """
CREATE TABLE es_lease (
  worker       text NOT NULL,
  partition_no smallint NOT NULL,
  owner        text,
  epoch        bigint NOT NULL DEFAULT 0,
  lease_until  timestamptz NOT NULL DEFAULT '-infinity',
  caught_up_at timestamptz,
  PRIMARY KEY (worker, partition_no)
)"""

_CURSOR: Final = """
CREATE TABLE es_cursor (
  worker       text NOT NULL,
  topic        text NOT NULL,
  partition_no smallint NOT NULL,
  next_offset  bigint NOT NULL DEFAULT 0,
  epoch        bigint NOT NULL DEFAULT 0,
  state        text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'halted')),
  error        text,
  PRIMARY KEY (worker, topic, partition_no)
)"""

# The streams that one worker passes over, each from an event on that it could not take.
_PARKED_STREAM: Final = """
CREATE TABLE es_parked_stream (
  worker       text NOT NULL,
  topic        text NOT NULL,
  stream_id    uuid NOT NULL,
  partition_no smallint NOT NULL,
  first_offset bigint NOT NULL,
  error        text NOT NULL,
  parked_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  retry_wanted boolean NOT NULL DEFAULT false,
  PRIMARY KEY (worker, topic, stream_id)
)"""

# A file of commands. Its parts go as they are done; what became of their lines stays.
_IMPORTS: Final = (
    """
CREATE TABLE es_import (
  tenant_id    uuid NOT NULL,
  import_id    uuid NOT NULL,
  status       text NOT NULL
               CHECK (status IN ('receiving', 'waiting', 'completed', 'canceled', 'stopped')),
  is_dry_run   boolean NOT NULL,
  upload       integer NOT NULL DEFAULT 1,
  content_hash bytea,
  line_count   bigint NOT NULL DEFAULT 0,
  done_count   bigint NOT NULL DEFAULT 0,
  accepted     bigint NOT NULL DEFAULT 0,
  refused      bigint NOT NULL DEFAULT 0,
  error        text,
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, import_id)
)""",
    """
CREATE TABLE es_import_part (
  tenant_id  uuid NOT NULL,
  import_id  uuid NOT NULL,
  upload     integer NOT NULL,
  first_line bigint NOT NULL,
  content    bytea NOT NULL,
  PRIMARY KEY (tenant_id, import_id, upload, first_line)
)""",
    """
CREATE TABLE es_import_result (
  tenant_id  uuid NOT NULL,
  import_id  uuid NOT NULL,
  first_line bigint NOT NULL,
  answers    bytea NOT NULL,
  PRIMARY KEY (tenant_id, import_id, first_line)
)""",
    "CREATE INDEX es_import_waiting ON es_import (created_at) WHERE status = 'waiting'",
)

# What long streams were folded to: a cache. Whoever restores the events resets it.
_SNAPSHOT: Final = """
CREATE TABLE es_snapshot (
  stream_id   uuid PRIMARY KEY,
  tenant_id   uuid NOT NULL,
  version     bigint NOT NULL,
  event_id    uuid NOT NULL,
  fingerprint bytea NOT NULL,
  data        bytea NOT NULL
)"""

_PROJECTIONS: Final = (
    """
CREATE TABLE proj_stream (
  projection text NOT NULL,
  stream_id  uuid NOT NULL,
  version    bigint NOT NULL,
  PRIMARY KEY (projection, stream_id)
)""",
)

_CLOCK: Final = """
CREATE TABLE domain_clock (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  now       timestamptz NOT NULL
)"""

# Called by the append when something is not as expected: nothing of its transaction stays.
_CONFLICT: Final = """
CREATE FUNCTION es_conflict(is_duplicate boolean) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF is_duplicate THEN
    RAISE EXCEPTION 'an event with this id is stored already' USING ERRCODE = 'unique_violation';
  END IF;
  RAISE EXCEPTION 'another transaction was faster' USING ERRCODE = 'serialization_failure';
END $$"""

# For people. With the reader's rights, so that it shows no more than the table would.
_READABLE: Final = """
CREATE VIEW es_event_readable WITH (security_invoker = true) AS
  SELECT position, stream_id, version, event_id, type, schema_ver, tenant_id, account_id,
         partition_no, effective_on, recorded_at, convert_from(data, 'UTF8')::jsonb AS data, headers
    FROM es_event"""

_POLICY: Final = """
CREATE POLICY tenants ON {table} USING (tenant_id = ANY (
  (SELECT nullif(current_setting('app.tenants', true), '')::uuid[])::uuid[]))"""

# What the application role may do. No UPDATE and no DELETE on events, here or anywhere.
_GRANTS: Final = {
    "es_stream": "SELECT, INSERT, UPDATE (version)",
    "es_event": "SELECT, INSERT",
    "es_event_readable": "SELECT",
    "es_outbox": "SELECT, INSERT, DELETE",
    "es_command": "SELECT, INSERT",
    "es_timer": "SELECT, INSERT, UPDATE, DELETE",
    "es_lease": "SELECT, INSERT, UPDATE, DELETE",
    "es_cursor": "SELECT, INSERT, UPDATE, DELETE",
    "proj_stream": "SELECT, INSERT, UPDATE, DELETE",
    "domain_clock": "SELECT, INSERT, UPDATE",
}


class Migration(Protocol):
    """What is used of alembic's `op`."""

    def execute(self, statement: str, /) -> None: ...


def create_private_table(op: Migration, table: str) -> None:
    """Makes a table of personal data, which no event may hold: id, tenant and details."""
    for statement in private_table(table):
        op.execute(statement)


def protect(op: Migration, table: str) -> None:
    """Protects a table with a tenant_id column: only their tenants see and write its rows."""
    for statement in protection_of(table):
        op.execute(statement)


@contextmanager
def over_all_tenants(op: Migration, *tables: str) -> Iterator[None]:
    """Lets the owner of these tables see the rows of every tenant meanwhile, to fill others."""
    for table in tables:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    yield
    for table in tables:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def platform_statements() -> Sequence[str]:
    """Everything the platform needs in a service's database."""
    return [
        *first_statements(),
        *parked_stream_statements(),
        *import_statements(),
        *snapshot_statements(),
    ]


def import_statements() -> Sequence[str]:
    """Makes the tables of imports, each with the rows of its tenant alone."""
    tables = ("es_import", "es_import_part", "es_import_result")
    return [*_IMPORTS, *(s for table in tables for s in protection_of(table))]


def parked_stream_statements() -> Sequence[str]:
    """Makes the table of parked streams: ids only, so without a policy of tenants."""
    return [
        _PARKED_STREAM,
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON es_parked_stream TO {APP_ROLE}",
    ]


def snapshot_statements() -> Sequence[str]:
    """Makes the table of snapshots, which hold what the events of a tenant say."""
    return [_SNAPSHOT, *protection_of("es_snapshot")]


def first_statements() -> Sequence[str]:
    """Makes what the platform had at first."""
    return [
        _ROLE,
        f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}",
        _STREAM,
        _EVENT,
        "CREATE UNIQUE INDEX es_event_position ON es_event (position)",
        *_IMMUTABLE,
        _OUTBOX,
        "CREATE INDEX es_outbox_poll ON es_outbox (partition_no, xid, position)",
        _COMMAND,
        _TIMER,
        "CREATE INDEX es_timer_due ON es_timer (partition_no, due_at)",
        _LEASE,
        _CURSOR,
        *_PROJECTIONS,
        _CLOCK,
        _CONFLICT,
        _READABLE,
        *(f"GRANT {rights} ON {table} TO {APP_ROLE}" for table, rights in _GRANTS.items()),
        *(s for table in ("es_stream", "es_event", "es_command") for s in _row_security(table)),
    ]


def protection_of(table: str) -> Sequence[str]:
    return [
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP_ROLE}",
        *_row_security(table),
    ]


def _row_security(table: str) -> Sequence[str]:
    # The sub-select makes Postgres read the setting once per statement, not once per row.
    # nullif: after a SET LOCAL the setting is '' and not unset. Unset means no row at all.
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        _POLICY.format(table=table),
    ]


def private_table(table: str) -> Sequence[str]:
    create = f"""
CREATE TABLE {table} (
  id        uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  details   jsonb NOT NULL
)"""
    return [create, *protection_of(table)]
