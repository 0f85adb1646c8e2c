"""The statements of imports, all bound to their tenant."""

from __future__ import annotations

from typing import Final

_SHOWN: Final = """import_id, status, is_dry_run, line_count, done_count, accepted, refused, error,
       created_at"""

# A new one, or one whose upload was cut: then its parts count no more.
BEGIN: Final = """
INSERT INTO es_import (tenant_id, import_id, status, is_dry_run) VALUES ($1, $2, 'receiving', $3)
ON CONFLICT (tenant_id, import_id) DO UPDATE SET upload = es_import.upload + 1, is_dry_run = $3
 WHERE es_import.status = 'receiving'
RETURNING upload"""

ADD_PART: Final = """
INSERT INTO es_import_part (tenant_id, import_id, upload, first_line, content)
VALUES ($1, $2, $3, $4, $5)"""

DROP_OLD_PARTS: Final = """
DELETE FROM es_import_part WHERE tenant_id = $1 AND import_id = $2 AND upload < $3"""

# With nothing to do it is done.
RECEIVED: Final = """
UPDATE es_import SET content_hash = $4, line_count = $5::bigint,
       status = CASE WHEN $5::bigint = 0 THEN 'completed' ELSE 'waiting' END
 WHERE tenant_id = $1 AND import_id = $2 AND upload = $3 AND status = 'receiving'
RETURNING 1"""

CONTENT: Final = """
SELECT content_hash, is_dry_run FROM es_import
 WHERE tenant_id = $1 AND import_id = $2 AND status <> 'receiving'"""

FIND: Final = f"SELECT {_SHOWN} FROM es_import WHERE tenant_id = $1 AND import_id = $2"

LIST: Final = f"""
SELECT {_SHOWN} FROM es_import
 WHERE tenant_id = $1 AND ($2::timestamptz IS NULL OR (created_at, import_id) < ($2, $3))
 ORDER BY created_at DESC, import_id DESC LIMIT $4"""

NEXT_PART: Final = """
SELECT i.import_id, i.is_dry_run, p.upload, p.first_line, p.content
  FROM es_import i JOIN es_import_part p USING (tenant_id, import_id, upload)
 WHERE i.tenant_id = $1 AND i.status = 'waiting'
 ORDER BY i.created_at, i.import_id, p.first_line LIMIT 1"""

TAKE_PART: Final = """
DELETE FROM es_import_part
 WHERE tenant_id = $1 AND import_id = $2 AND upload = $3 AND first_line = $4 RETURNING 1"""

KEEP_ANSWERS: Final = """
INSERT INTO es_import_result (tenant_id, import_id, first_line, answers) VALUES ($1, $2, $3, $4)"""

COUNT: Final = """
UPDATE es_import i SET done_count = done_count + $3::bigint, accepted = accepted + $4,
       refused = refused + $5,
       status = CASE WHEN done_count + $3::bigint = line_count THEN 'completed' ELSE status END
 WHERE tenant_id = $1 AND import_id = $2"""

CANCEL: Final = """
UPDATE es_import SET status = 'canceled'
 WHERE tenant_id = $1 AND import_id = $2 AND status IN ('waiting', 'stopped')"""

RESUME: Final = """
UPDATE es_import SET status = 'waiting', error = NULL
 WHERE tenant_id = $1 AND import_id = $2 AND status IN ('canceled', 'stopped')"""

STOP: Final = """
UPDATE es_import SET status = 'stopped', error = $3
 WHERE tenant_id = $1 AND import_id = $2 AND status = 'waiting'"""

ANSWERS_AFTER: Final = """
SELECT first_line, answers FROM es_import_result
 WHERE tenant_id = $1 AND import_id = $2 AND first_line > $3 ORDER BY first_line LIMIT 1"""

TRY_LOCK: Final = "SELECT pg_try_advisory_lock($1)"
