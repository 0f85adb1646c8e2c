"""The statements of leases. Rows are locked in (worker, partition) order everywhere."""

from __future__ import annotations

from typing import Final

PRESENCE: Final = "instance:"  # es_lease rows that say who is alive, beside those of the workers

PREPARE_LEASES: Final = """
INSERT INTO es_lease (worker, partition_no)
SELECT w, p FROM unnest($1::text[]) w, generate_series(0, $2::int - 1) p
ON CONFLICT DO NOTHING"""

PREPARE_CURSORS: Final = """
INSERT INTO es_cursor (worker, topic, partition_no)
SELECT c.worker, c.topic, p
  FROM unnest($1::text[], $2::text[]) AS c(worker, topic), generate_series(0, $3::int - 1) p
ON CONFLICT DO NOTHING"""

BE_PRESENT: Final = f"""
INSERT INTO es_lease (worker, partition_no, owner, lease_until)
VALUES ('{PRESENCE}' || $1, 0, $1, clock_timestamp() + make_interval(secs => $2))
ON CONFLICT (worker, partition_no) DO UPDATE SET lease_until = excluded.lease_until"""

LEAVE: Final = f"DELETE FROM es_lease WHERE worker = '{PRESENCE}' || $1"

COUNT_PRESENT: Final = f"""
SELECT count(*) FROM es_lease
 WHERE starts_with(worker, '{PRESENCE}') AND lease_until > clock_timestamp()"""

LOOK: Final = """
SELECT worker, partition_no, coalesce(owner = $1, false) AS is_mine,
       lease_until < clock_timestamp() AS is_free
  FROM es_lease"""

# With it every process says how fresh its rows are; what is behind keeps what was said before.
RENEW: Final = """
WITH locked AS (
  SELECT l.worker, l.partition_no, h.ago_s
    FROM unnest($3::text[], $4::smallint[], $5::bigint[], $6::float8[])
         AS h(worker, partition_no, epoch, ago_s)
    JOIN es_lease l USING (worker, partition_no, epoch)
   WHERE l.owner = $1 ORDER BY l.worker, l.partition_no FOR UPDATE OF l)
UPDATE es_lease l
   SET lease_until = clock_timestamp() + make_interval(secs => $2),
       caught_up_at = coalesce(clock_timestamp() - make_interval(secs => locked.ago_s),
                               l.caught_up_at)
  FROM locked WHERE l.worker = locked.worker AND l.partition_no = locked.partition_no
RETURNING l.worker, l.partition_no"""

ACQUIRE: Final = """
WITH locked AS (
  SELECT l.worker, l.partition_no
    FROM unnest($3::text[], $4::smallint[]) AS w(worker, partition_no)
    JOIN es_lease l USING (worker, partition_no)
   WHERE l.lease_until < clock_timestamp() OR l.owner = $1
   ORDER BY l.worker, l.partition_no FOR UPDATE OF l)
UPDATE es_lease l
   SET owner = $1, epoch = l.epoch + 1, lease_until = clock_timestamp() + make_interval(secs => $2)
  FROM locked WHERE l.worker = locked.worker AND l.partition_no = locked.partition_no
RETURNING l.worker, l.partition_no, l.epoch"""

FENCE_CURSORS: Final = """
WITH locked AS (
  SELECT c.worker, c.topic, c.partition_no, h.epoch
    FROM unnest($1::text[], $2::smallint[], $3::bigint[]) AS h(worker, partition_no, epoch)
    JOIN es_cursor c USING (worker, partition_no)
   ORDER BY c.worker, c.topic, c.partition_no FOR UPDATE OF c)
UPDATE es_cursor c SET epoch = locked.epoch
  FROM locked WHERE c.worker = locked.worker AND c.topic = locked.topic
   AND c.partition_no = locked.partition_no"""

RELEASE: Final = """
UPDATE es_lease l SET lease_until = '-infinity', owner = NULL
  FROM unnest($1::text[], $2::smallint[], $3::bigint[]) AS h(worker, partition_no, epoch)
 WHERE l.worker = h.worker AND l.partition_no = h.partition_no AND l.epoch = h.epoch"""
