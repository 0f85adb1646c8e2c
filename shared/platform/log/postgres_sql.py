"""The statements of the Postgres log. Nothing newer than PostgreSQL 15."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

CHANNEL: Final = "duebook_log"
Callback = Callable[[Any, int, str, object], None]  # As the driver calls it, connection first.

# Two processes may create at the same time: one waits for the other.
CREATE: Final = (
    "SELECT pg_advisory_xact_lock(hashtextextended('duebook_log create', 0))",
    """
CREATE TABLE IF NOT EXISTS log_topic (
  topic        text PRIMARY KEY,
  partitions   integer NOT NULL,
  retention_ms bigint NOT NULL)""",
    """
CREATE TABLE IF NOT EXISTS log_partition (
  topic        text NOT NULL REFERENCES log_topic,
  partition_no smallint NOT NULL,
  next_offset  bigint NOT NULL,
  PRIMARY KEY (topic, partition_no)) WITH (fillfactor = 10)""",
    """
CREATE TABLE IF NOT EXISTS log_record (
  topic        text NOT NULL,
  partition_no smallint NOT NULL,
  "offset"     bigint NOT NULL,
  ts           timestamptz NOT NULL DEFAULT clock_timestamp(),
  key          bytea NOT NULL,
  value        bytea NOT NULL,
  headers      jsonb NOT NULL,
  PRIMARY KEY (topic, partition_no, "offset"))""",
)

ADD_TOPIC: Final = "INSERT INTO log_topic VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
ADD_PARTITIONS: Final = """
INSERT INTO log_partition
SELECT t.topic, p, 0 FROM log_topic t, generate_series(0, t.partitions - 1) p WHERE t.topic = $1
ON CONFLICT DO NOTHING"""
TOPICS: Final = "SELECT topic, partitions, retention_ms FROM log_topic"
ENDS: Final = "SELECT topic, partition_no, next_offset FROM log_partition"
ENDS_OF: Final = """
SELECT topic, array_agg(next_offset ORDER BY partition_no) AS ends
  FROM log_partition WHERE topic = ANY($1::text[]) GROUP BY topic"""

# The rows are locked in one order everywhere, so that two processes never wait in a circle; the
# update then goes by the locked version. A missing partition gives no row for its records.
APPEND: Final = """
WITH locked AS (
  SELECT p.topic, p.partition_no, a.n
    FROM unnest($1::text[], $2::smallint[], $3::bigint[]) AS a(topic, partition_no, n)
    JOIN log_partition p USING (topic, partition_no)
   ORDER BY p.topic, p.partition_no FOR UPDATE OF p),
base AS (
  UPDATE log_partition p SET next_offset = p.next_offset + l.n FROM locked l
   WHERE p.topic = l.topic AND p.partition_no = l.partition_no
  RETURNING p.topic, p.partition_no, p.next_offset - l.n AS first),
written AS (
  INSERT INTO log_record (topic, partition_no, "offset", key, value, headers)
  SELECT b.topic, b.partition_no, b.first + r.nth, r.key, r.value, r.headers::jsonb
    FROM unnest($4::text[], $5::smallint[], $6::bigint[], $7::bytea[], $8::bytea[], $9::text[])
      AS r(topic, partition_no, nth, key, value, headers)
    JOIN base b USING (topic, partition_no))
SELECT topic, partition_no, first FROM base"""

READ: Final = """
SELECT r.topic, r.partition_no, r."offset", r.key, r.value, r.headers
  FROM unnest($1::text[], $2::smallint[], $3::bigint[], $4::bigint[])
    AS w(topic, partition_no, start, stop)
 CROSS JOIN LATERAL (
   SELECT * FROM log_record x
    WHERE x.topic = w.topic AND x.partition_no = w.partition_no
      AND x."offset" >= w.start AND x."offset" < w.stop
    ORDER BY x."offset" LIMIT greatest(w.stop - w.start, 0)) r"""
