"""Supervises one embedded PostgreSQL server. Refuses a second supervisor and foreign data."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

from shared.platform.database.embedded import folders, postmaster
from shared.platform.database.embedded.account import Account
from shared.platform.database.embedded.binaries import Binaries, find_binaries
from shared.platform.database.embedded.errors import (
    EmbeddedError,
    FolderNotUsable,
    ForeignVersion,
    ServerFailed,
)

SUPERUSER: Final = "duebook"
# The second is for systems without the first.
LOCALES: Final = ("C.UTF-8", "C")
SETTINGS: Final = {
    "listen_addresses": "",
    "port": str(folders.PORT),
    "fsync": "on",
    "autovacuum": "on",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
INIT_TIMEOUT_S: Final = 120.0  # for initdb on a slow disk
START_TIMEOUT_S: Final = 120  # recovery after a kill included
STOP_TIMEOUT_S: Final = 60  # for a fast shutdown with its checkpoint
COMMAND_GRACE_S: Final = 15.0  # that pg_ctl has beyond its own timeout
POLL_S: Final = 0.05  # between two looks at a server that comes up
SOCKET_TIMEOUT_S: Final = 5.0  # for the server to take a connection
LOG_SIZE_BYTES_MAX: Final = 16 * 1024 * 1024  # a longer server log begins anew
LOG_TAIL_BYTES: Final = 8 * 1024
LOG_TAIL_LINES: Final = 20


class EmbeddedServer:
    """Is one PostgreSQL server in a data folder: started or adopted, stopped by its supervisor."""

    adopted: bool

    def __init__(self, folder: Path, account: Account, binaries: Binaries) -> None:
        self.folder = folder
        self.adopted = False
        self.socket_folder = Path()
        self._port = folders.PORT
        self._account = account
        self._binaries = binaries
        self._supervisor_pid = os.getpid()
        self._lock = folders.FolderLock(folder, account)
        self._stopped = False

    @classmethod
    def start(cls, folder: Path) -> EmbeddedServer:
        """Start the folder's server, or adopt the one a killed supervisor left running."""
        folder = folder.resolve()
        account = Account.for_data(folder / folders.DATA)
        binaries = find_binaries(account)
        folders.prepare(folder, account)
        server = cls(folder, account, binaries)
        try:
            server._refuse_foreign_version()
            server.adopted = server._adopt()
            if not server.adopted:
                server._initialize()
                server._launch()
        except BaseException:
            server._lock.release()
            raise
        return server

    def url(self, database: str, user: str = SUPERUSER) -> str:
        """Gives the address for asyncpg and libpq, with the port, else PGPORT would count."""
        return _url(self.socket_folder, self._port, database, user)

    def stop(self) -> None:
        """Stop the server and free the folder; a forked child does neither."""
        if self._stopped or os.getpid() != self._supervisor_pid:
            return
        try:
            stop_running(self.folder, self._account, self._binaries)
            self._stopped = True
        finally:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def _data(self) -> Path:
        return self.folder / folders.DATA

    def _refuse_foreign_version(self) -> None:
        if not self._data.exists():
            return
        try:
            found = (self._data / "PG_VERSION").read_text().strip()
        except OSError as error:
            raise FolderNotUsable(self.folder, f"its data has no version: {error}") from error
        if found != str(self._binaries.major):
            raise ForeignVersion(self.folder, found=found, expected=self._binaries.major)

    def _adopt(self) -> bool:
        """Take over a live server; one that is going down or out of reach is stopped instead."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while (found := postmaster.running(self._data)) is not None:
            if found.ready and found.socket_folder is not None and found.port is not None:
                if _answers(found.socket_folder / f".s.PGSQL.{found.port}"):
                    self.socket_folder, self._port = found.socket_folder, found.port
                    return True
                stop_running(self.folder, self._account, self._binaries)
            if time.monotonic() > deadline:
                raise ServerFailed(
                    step="adopt the server still running",
                    said=f"process {found.pid} was not ready after {START_TIMEOUT_S} s",
                    log_tail=_tail(self.folder / folders.LOG, 0),
                )
            time.sleep(POLL_S)
        return False

    def _initialize(self) -> None:
        """Make the data under another name, so that a killed start leaves no half of it."""
        if self._data.exists():
            return
        # A name of our own: the initdb of a killed start may still be writing to its one.
        unfinished = self.folder / f"{folders.DATA_UNFINISHED}.{os.getpid()}"
        said = ""
        for locale in LOCALES:
            for leftover in self.folder.glob(f"{folders.DATA_UNFINISHED}*"):
                shutil.rmtree(leftover, ignore_errors=True)
            choices = ["-U", SUPERUSER, "-A", "trust", "-E", "UTF8", f"--locale={locale}"]
            done = self._account.run(
                [str(self._binaries.program("initdb")), "-D", str(unfinished), *choices],
                timeout_s=INIT_TIMEOUT_S,
            )
            if done.returncode == 0:
                unfinished.rename(self._data)
                _sync(self.folder)
                return
            said = done.stdout.strip()
            if "locale" not in said.rpartition("initdb: error:")[2]:
                break
        shutil.rmtree(unfinished, ignore_errors=True)
        raise ServerFailed(step="make the data folder", said=said, log_tail="")

    def _launch(self) -> None:
        self._drop_stale_pid_file()
        folders.remove_socket_folder(self.folder, self._account)
        self.socket_folder = folders.make_socket_folder(self.folder, self._account)
        self._port = folders.PORT
        log = self.folder / folders.LOG
        log_size_bytes = log.stat().st_size if log.exists() else 0
        if log_size_bytes > LOG_SIZE_BYTES_MAX:
            log.replace(self.folder / folders.LOG_OLD)
            log_size_bytes = 0
        settings = {**SETTINGS, "unix_socket_directories": str(self.socket_folder)}
        options = " ".join(
            f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items()
        )
        pg_ctl = [str(self._binaries.program("pg_ctl")), "-D", str(self._data), "-w"]
        try:
            done = self._account.run(
                [*pg_ctl, "-t", str(START_TIMEOUT_S), "-l", str(log), "-o", options, "start"],
                timeout_s=START_TIMEOUT_S + COMMAND_GRACE_S,
            )
        except BaseException:  # Ctrl-C while it starts: no server is left behind.
            with suppress(EmbeddedError):
                self.stop()
            raise
        if done.returncode != 0:
            with suppress(EmbeddedError):
                self.stop()
            tail = _tail(log, log_size_bytes)
            raise ServerFailed(step="start", said=done.stdout.strip(), log_tail=tail)

    def _drop_stale_pid_file(self) -> None:
        """Drops a pid file whose process is somebody else's by now; PostgreSQL does the rest."""
        noted = postmaster.noted_in(self._data)
        if noted is None or postmaster.is_server(noted):
            return
        if postmaster.exists(noted.pid):
            (self._data / postmaster.PID_FILE).unlink(missing_ok=True)


def running_url(folder: Path, database: str) -> str | None:
    """The address of a server that somebody else supervises in this folder, if one runs there."""
    found = postmaster.running(folder.resolve() / folders.DATA)
    if found is None or not found.ready or found.socket_folder is None or found.port is None:
        return None
    return _url(found.socket_folder, found.port, database, SUPERUSER)


def _url(socket_folder: Path, port: int, database: str, user: str) -> str:
    return (
        f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}"
        f"?host={quote(str(socket_folder))}&port={port}"
    )


def stop_running(folder: Path, account: Account, binaries: Binaries) -> None:
    """Stop whatever server runs on the folder, and remove its socket folder."""
    data = folder / folders.DATA
    if postmaster.running(data) is not None:
        pg_ctl = [str(binaries.program("pg_ctl")), "-D", str(data), "-m", "fast", "-w"]
        done = account.run(
            [*pg_ctl, "-t", str(STOP_TIMEOUT_S), "stop"],
            timeout_s=STOP_TIMEOUT_S + COMMAND_GRACE_S,
        )
        if done.returncode != 0 and postmaster.running(data) is not None:
            tail = _tail(folder / folders.LOG, 0)
            raise ServerFailed(step="stop", said=done.stdout.strip(), log_tail=tail)
    folders.remove_socket_folder(folder, account)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Gives an empty data folder; at the end its server is stopped and the folder removed."""
    folder = _fresh_folder()
    try:
        yield folder
    finally:
        data = folder / folders.DATA
        account = Account.for_data(data)
        if postmaster.running(data) is not None:
            stop_running(folder, account, find_binaries(account))
        folders.remove_socket_folder(folder, account)
        folders.remove_folder(folder)


def _fresh_folder() -> Path:
    """Makes an empty folder where root's server, which runs as another account, can enter."""
    account = Account.for_data(Path())
    for parent in folders.temporary_parents():
        if not os.access(parent, os.W_OK | os.X_OK):
            continue
        if not account.switches or account.can_enter(parent):
            return Path(
                tempfile.mkdtemp(prefix=f"{folders.PREFIX}temporary-", dir=parent)
            ).resolve()
    raise FolderNotUsable(Path(tempfile.gettempdir()), "the server's account cannot enter it")


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(SOCKET_TIMEOUT_S)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _tail(log: Path, start_bytes: int) -> str:
    try:
        with log.open("rb") as file:
            size_bytes = file.seek(0, os.SEEK_END)
            file.seek(max(start_bytes, size_bytes - LOG_TAIL_BYTES))
            text = file.read(LOG_TAIL_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-LOG_TAIL_LINES:])
