"""Digests what happened, without instants and ids: two runs of the same story have one digest."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import asyncpg

from services.cli.installed import SERVICES

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")

EVENTS: Final = """
SELECT stream_id, version, type, data, effective_on FROM es_event ORDER BY stream_id, version"""


def bare(data: bytes) -> str:
    """Takes ids and instants out of the JSON; amounts, numbers and business dates stay."""
    text = json.dumps(json.loads(data), sort_keys=True, ensure_ascii=False)
    return _INSTANT.sub("instant", _UUID.sub("id", text))


def of_rows(rows: Iterable[tuple[str, int, str, bytes, str]]) -> str:
    found = hashlib.sha256()
    for stream, version, kind, data, effective_on in rows:
        found.update(f"{stream}|{version}|{kind}|{bare(data)}|{effective_on}\n".encode())
    return found.hexdigest()


def socket_url(folder: Path, database: str) -> str:
    """Gives the address, as owner, of a database of the embedded server on this folder."""
    socket_folder = (folder / "pgdata" / "postmaster.pid").read_text().splitlines()[4]
    return f"postgresql://duebook@/{database}?host={socket_folder}&port=5432"


async def of_databases(url_of: Callable[[str], str]) -> dict[str, str]:
    """Makes one digest per service. Stream ids are derived from business keys and may stay."""
    digests: dict[str, str] = {}
    for service in SERVICES:
        connection = await asyncpg.connect(url_of(service))
        try:
            rows = await connection.fetch(EVENTS)
        finally:
            await connection.close()
        digests[service] = of_rows(
            (str(row[0]), row[1], row[2], bytes(row[3]), str(row[4])) for row in rows
        )
    return digests
