"""The statements of cursors, and of how far a worker has processed each stream."""

from __future__ import annotations

from typing import Final

LOAD: Final = """
SELECT c.topic, c.partition_no, c.next_offset, c.state
  FROM es_cursor c
  JOIN unnest($2::smallint[], $3::bigint[]) AS h(partition_no, epoch) USING (partition_no, epoch)
 WHERE c.worker = $1 ORDER BY c.topic, c.partition_no"""

HALT: Final = """
UPDATE es_cursor SET state = 'halted', error = $5
 WHERE worker = $1 AND topic = $2 AND partition_no = $3 AND epoch = $4"""

# The fence, the tenants of the batch and what was processed of its streams, in one round trip. Who
# moves a cursor writes proj_stream in the same transaction; so if the fence finds our position,
# nothing of it has changed since this statement's snapshot, even if it had to wait for a lock.
MOVE_AND_LOOK: Final = """
WITH moved AS (
  UPDATE es_cursor c SET next_offset = m.upto
    FROM unnest($2::text[], $3::smallint[], $4::bigint[], $5::bigint[], $6::bigint[])
      AS m(topic, partition_no, since, upto, epoch)
   WHERE c.worker = $1 AND c.topic = m.topic AND c.partition_no = m.partition_no
     AND c.next_offset = m.since AND c.epoch = m.epoch AND c.state = 'running'
  RETURNING 1)
SELECT (SELECT count(*) FROM moved) AS moved, set_config('app.tenants', $8, true),
       processed.streams, processed.versions
  FROM (SELECT array_agg(s.stream_id) AS streams, array_agg(s.version) AS versions
          FROM (SELECT stream_id, version FROM proj_stream
                 WHERE projection = $1 AND stream_id = ANY($7::uuid[]) OFFSET 0) s) processed"""

# All of it or nothing, in one round trip. Where $9 says what was processed before, it must have
# been exactly that; what the fence guarantees for the statement above it does for this one.
MOVE_AND_MARK: Final = """
WITH held AS MATERIALIZED (
  SELECT c.topic, c.partition_no, m.upto FROM es_cursor c
    JOIN unnest($2::text[], $3::smallint[], $4::bigint[], $5::bigint[], $6::bigint[])
      AS m(topic, partition_no, since, upto, epoch) USING (topic, partition_no)
   WHERE c.worker = $1 AND c.next_offset = m.since AND c.epoch = m.epoch AND c.state = 'running'
     FOR UPDATE OF c),
new AS (
  SELECT * FROM unnest($7::uuid[], $8::bigint[], $9::bigint[]) AS n(stream_id, version, before)),
sure AS MATERIALIZED (
  SELECT (SELECT count(*) FROM held) = cardinality($2::text[])
     AND NOT EXISTS (
           SELECT FROM new n WHERE n.before IS NOT NULL AND n.before <> coalesce(
             (SELECT s.version FROM proj_stream s
               WHERE s.projection = $1 AND s.stream_id = n.stream_id), 0)) AS is_so),
moved AS (
  UPDATE es_cursor c SET next_offset = h.upto FROM held h
   WHERE c.worker = $1 AND c.topic = h.topic AND c.partition_no = h.partition_no
     AND (SELECT is_so FROM sure)),
marked AS (
  INSERT INTO proj_stream (projection, stream_id, version)
  SELECT $1, n.stream_id, n.version FROM new n WHERE (SELECT is_so FROM sure)
  ON CONFLICT (projection, stream_id) DO UPDATE SET version = excluded.version
   WHERE proj_stream.version < excluded.version)
SELECT is_so, set_config('app.tenants', $10, true) FROM sure"""

MARK_PROCESSED: Final = """
INSERT INTO proj_stream (projection, stream_id, version)
SELECT $1, s.stream_id, s.version
  FROM unnest($2::uuid[], $3::bigint[]) AS s(stream_id, version)
ON CONFLICT (projection, stream_id) DO UPDATE SET version = excluded.version
 WHERE proj_stream.version < excluded.version"""

PROCESSED: Final = """
SELECT stream_id, version FROM proj_stream
 WHERE projection = $1 AND stream_id = ANY($2::uuid[])"""

PROCESSED_BY_SEVERAL: Final = """
SELECT s.projection, s.stream_id, s.version
  FROM unnest($1::text[], $2::uuid[]) AS w(projection, stream_id)
  JOIN proj_stream s USING (projection, stream_id)"""
