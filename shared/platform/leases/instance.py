"""Gives a process a stable name among its like: what it had before a crash is its own again."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from shared.platform.database.pools import Driver

INSTANCES_MAX: Final = 1_000  # of one service on one host
TRIES_MAX: Final = 20  # for a name that is still taken
TRY_PAUSE_S: Final = 0.25  # a connection of a killed process may live a moment longer

_TRY: Final = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"


class InstanceNameTaken(Exception):
    """Another living process has the name that DUEBOOK_INSTANCE gives this one."""


async def take_name(
    connection: Driver, wanted: str | None, previous: str | None, service: str
) -> str:
    """Takes a name and locks it as long as the connection lives."""
    if wanted is not None:
        for _ in range(TRIES_MAX):
            if await _lock(connection, service, wanted):
                return wanted
            await asyncio.sleep(TRY_PAUSE_S)
        raise InstanceNameTaken(wanted)
    if previous is not None and await _lock(connection, service, previous):
        return previous
    host = socket.gethostname()
    for n in range(INSTANCES_MAX):
        if await _lock(connection, service, f"{host}-{n}"):
            return f"{host}-{n}"
    raise InstanceNameTaken(f"{host}-{INSTANCES_MAX - 1}")


async def _lock(connection: Driver, service: str, name: str) -> bool:
    return bool(await connection.fetchval(_TRY, f"duebook {service} {name}"))
