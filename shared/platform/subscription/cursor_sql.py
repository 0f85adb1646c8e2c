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
