"""Runs PostgreSQL for tests: one server a session (a process under xdist), databases on demand.

DUEBOOK_TEST_SERVER chooses: "embedded" (default), "15" (Debian's PostgreSQL 15), or the URL of a
server that may create databases and roles.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Final, TypeVar
from unittest.mock import patch
from urllib.parse import quote

import asyncpg
from sqlalchemy.engine import make_url

from shared.platform.database.embedded.folders import PORT
from shared.platform.database.embedded.server import SETTINGS, SUPERUSER, EmbeddedServer
from tests.support.data_folders import data_folder, parent

T = TypeVar("T")

CHOICE: Final = "DUEBOOK_TEST_SERVER"
DEBIAN_15: Final = Path("/usr/lib/postgresql/15/bin")
MAINTENANCE: Final = "postgres"
START_S_MAX: Final = 60.0
# Databases come and go with the tests; a process that is killed needs neither.
NO_POWER_CUT: Final = {"fsync": "off", "full_page_writes": "off"}
NUMBERS: Final = count(1)  # Names are used once, on whatever server: topics are named after them.


def apart(work: Coroutine[None, None, T]) -> T:
    """Runs it to the end on a loop of its own, wherever we are called from."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, work).result()


class Server:
    """Knows a running server, and makes databases on it."""

    def __init__(self, url_of: Callable[[str], str]) -> None:
        self.url_of = url_of

    def create(self, statements: Sequence[str] = (), *, template: str = "template1") -> str:
        """Makes a database like the template, runs the statements in it, and gives its name."""
        name = f"test_{os.getpid()}_{next(NUMBERS)}"
        apart(self._run(MAINTENANCE, [f"CREATE DATABASE {name} TEMPLATE {template}"]))
        if statements:
            apart(self._run(name, statements))
        return name

    def drop(self, name: str) -> None:
        apart(self._run(MAINTENANCE, [f"DROP DATABASE {name} WITH (FORCE)"]))

    def execute(self, name: str, *statements: str) -> None:
        """Executes as the owner of everything."""
        apart(self._run(name, statements))

    async def _run(self, database: str, statements: Sequence[str]) -> None:
        connection = await asyncpg.connect(self.url_of(database))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


class StoppableServer(Server):
    """Runs the embedded server at an address that stays when it is started anew."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._door = Path(tempfile.mkdtemp(prefix="duebook-door-")) / "socket"
        self._running: EmbeddedServer | None = None
        self.start()
        super().__init__(self._url_of)

    def start(self) -> None:
        """Starts it. Its sockets are in a new folder each time; the door leads there."""
        self._running = EmbeddedServer.start(self._folder)
        self._door.unlink(missing_ok=True)
        self._door.symlink_to(self._running.socket_folder)

    def stop(self) -> None:
        """Stops it as an administrator would: those who are connected are sent away."""
        running, self._running = self._running, None
        if running is not None:
            running.stop()

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._door.parent)

    def _url_of(self, database: str) -> str:
        host = quote(str(self._door), safe="")
        return f"postgresql://{SUPERUSER}@/{database}?host={host}&port={PORT}"


@contextmanager
def stoppable_server() -> Iterator[StoppableServer]:
    """Starts it; whoever stops it starts it again."""
    with data_folder() as folder:
        server = StoppableServer(folder)
        try:
            yield server
        finally:
            server.close()


@contextmanager
def running_server(choice: str | None = None) -> Iterator[Server]:
    """Runs the server of this choice, or of the one that the environment makes."""
    choice = choice or os.environ.get(CHOICE, "embedded")
    if choice == "embedded":
        with _embedded() as server:
            yield server
    elif choice == "15":
        with _debian_15() as server:
            yield server
    else:
        url = make_url(choice)
        yield Server(lambda name: url.set(database=name).render_as_string(hide_password=False))


@contextmanager
def _embedded() -> Iterator[Server]:
    with data_folder() as folder:
        with patch.dict(SETTINGS, NO_POWER_CUT):
            started = EmbeddedServer.start(folder)
        with started:
            yield Server(started.url)


@contextmanager
def _debian_15() -> Iterator[Server]:
    """Runs it as the user postgres when we are root: the server refuses to run as root."""
    folder = Path(tempfile.mkdtemp(prefix="duebook15-", dir=parent()))
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    if os.geteuid() == 0:
        shutil.chown(folder, user)
    data = folder / "data"
    pg_ctl = [str(DEBIAN_15 / "pg_ctl"), "-D", str(data), "-w"]
    options = f"-c listen_addresses='' -c unix_socket_directories={folder}"
    options += "".join(f" -c {name}={value}" for name, value in NO_POWER_CUT.items())
    try:
        initdb = [str(DEBIAN_15 / "initdb"), "-D", str(data), "-A", "trust", "-E", "UTF8"]
        _call(initdb, user)
        _call([*pg_ctl, "-l", str(folder / "log"), "-o", options, "start"], user)
        try:
            host = quote(str(folder), safe="")
            yield Server(lambda name: f"postgresql://{user}@/{name}?host={host}&port=5432")
        finally:
            _call([*pg_ctl, "-m", "immediate", "stop"], user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _call(command: Sequence[str], user: str) -> None:
    """Calls as another user: only root can, and needs no program for it."""
    subprocess.run(
        command,
        user=user if os.geteuid() == 0 else None,
        group=user if os.geteuid() == 0 else None,
        extra_groups=[] if os.geteuid() == 0 else None,
        check=True,
        cwd="/",
        timeout=START_S_MAX,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
