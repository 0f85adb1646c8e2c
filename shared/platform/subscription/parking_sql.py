"""The statements of parked streams. Only the owner of a partition inserts, moves and deletes."""

from __future__ import annotations

from typing import Final

LOAD: Final = """
SELECT topic, partition_no, stream_id, first_offset FROM es_parked_stream
 WHERE worker = $1 AND partition_no = ANY($2::smallint[]) ORDER BY topic, first_offset"""

PARK: Final = """
INSERT INTO es_parked_stream (worker, topic, partition_no, stream_id, first_offset, error)
VALUES ($1, $2, $3, $4, $5, $6)"""

FAIL: Final = """
UPDATE es_parked_stream SET first_offset = $4, error = $5, retry_wanted = false
 WHERE worker = $1 AND topic = $2 AND stream_id = $3"""

GO_ON: Final = """
UPDATE es_parked_stream SET first_offset = $4
 WHERE worker = $1 AND topic = $2 AND stream_id = $3"""

LEAVE: Final = """
DELETE FROM es_parked_stream WHERE worker = $1 AND topic = $2 AND stream_id = $3"""

WANTED: Final = """
SELECT stream_id FROM es_parked_stream
 WHERE worker = $1 AND stream_id = ANY($2::uuid[]) AND retry_wanted"""

# Locked: none of them stops to be parked before the cursor has passed its records.
ARE_PARKED: Final = """
SELECT stream_id FROM es_parked_stream
 WHERE worker = $1 AND stream_id = ANY($2::uuid[]) FOR SHARE"""
