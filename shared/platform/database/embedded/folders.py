"""The folders of an embedded server: data, socket, temporary. Refuses folders that are not ours."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path
from typing import Final

from shared.platform.database.embedded.account import Account
from shared.platform.database.embedded.errors import FolderInUse, FolderNotUsable, SocketPathTooLong

DATA: Final = "pgdata"
DATA_UNFINISHED: Final = "pgdata.unfinished"
LOCK: Final = "supervisor.lock"
LOG: Final = "server.log"
LOG_OLD: Final = "server.log.1"
SOCKET_NOTE: Final = "socket-folder"
OURS: Final = frozenset({DATA, LOCK, LOG, LOG_OLD, SOCKET_NOTE})
PREFIX: Final = "duebook-"
PORT: Final = 5432
SOCKET_FILE: Final = f".s.PGSQL.{PORT}"
# What the system takes as the path of a socket.
SOCKET_PATH_BYTES_MAX: Final = 107 if sys.platform == "linux" else 103
ROOT_DATA: Final = Path("/var/lib/duebook/data")


def default_folder() -> Path:
    """Names the folder of the data by default; without a home one that a reboot may empty."""
    named = os.environ.get("DUEBOOK_DATA")
    if named:
        return Path(named).absolute()
    if os.geteuid() == 0:
        return ROOT_DATA
    candidates: list[Path] = []
    named_home = Path(os.environ.get("XDG_DATA_HOME", ""))
    if named_home.is_absolute():
        candidates.append(named_home / "duebook")
    with contextlib.suppress(RuntimeError):
        candidates.append(Path.home() / ".local" / "share" / "duebook")
    for candidate in candidates:
        existing = next(path for path in (candidate, *candidate.parents) if path.exists())
        if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
            return candidate
    return Path(tempfile.gettempdir()) / f"{PREFIX}{os.geteuid()}"


def temporary_parents() -> tuple[Path, ...]:
    """Gives the system's temporary folder first, then the well-known ones."""
    named = (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"))
    return tuple(dict.fromkeys(path for path in named if path.is_dir()))


def prepare(folder: Path, account: Account) -> None:
    """Make the folder, or check that the one there is ours and within the account's reach."""
    try:
        if folder.exists():
            _refuse_strange(folder)
        else:
            _make(folder, account)
        if account.switches and not (folder / DATA).exists():
            account.take(folder, 0o700)
    except OSError as error:
        raise FolderNotUsable(folder, str(error)) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FolderNotUsable(folder, "it is not writable")
    if account.switches:
        _refuse_closed(folder, folder, account)


def _refuse_closed(folder: Path, reached: Path, account: Account) -> None:
    if account.can_enter(reached):
        return
    closed = next((p for p in reversed(reached.parents) if not account.can_enter(p)), reached)
    raise FolderNotUsable(
        folder, f"as root the server runs as user {account.uid}, who cannot enter {closed}"
    )


def _make(folder: Path, account: Account) -> None:
    missing = [path for path in folder.parents if not path.exists()]
    if account.switches:  # Before anything is made.
        _refuse_closed(folder, next(path for path in folder.parents if path.exists()), account)
    for path in reversed(missing):
        path.mkdir(mode=0o755, exist_ok=True)
        if os.geteuid() == 0:
            path.chmod(0o755)  # Whatever the umask: the account must pass through.
    folder.mkdir(mode=0o700, exist_ok=True)


def _refuse_strange(folder: Path) -> None:
    if not folder.is_dir():
        raise FolderNotUsable(folder, "it is not a folder")
    data = folder / DATA
    ourselves = os.geteuid()
    # A mounted volume may belong to root and be open to us; the data in it is always ours.
    fitting = {ourselves} if data.is_dir() else {ourselves, 0}
    owner = data.stat().st_uid if data.is_dir() else folder.stat().st_uid
    if ourselves != 0 and owner not in fitting:
        raise FolderNotUsable(folder, f"it belongs to user {owner}")
    names = {path.name for path in folder.iterdir()} - OURS
    strange = sorted(name for name in names if not name.startswith(DATA_UNFINISHED))
    if strange and not data.is_dir():
        raise FolderNotUsable(folder, f"it holds something else ({strange[0]})")


class FolderLock:
    """Locks the folder for the process that supervises its server; its death frees it."""

    def __init__(self, folder: Path, account: Account) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
        try:
            self._file: int | None = os.open(folder / LOCK, flags, 0o600)
        except OSError as error:
            raise FolderNotUsable(folder, str(error)) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if account.switches:
                os.fchown(self._file, account.uid, account.gid)
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)
        except BlockingIOError:
            holder = os.pread(self._file, 32, 0).strip()
            self.release()
            raise FolderInUse(folder, int(holder) if holder.isdigit() else None) from None
        except OSError as error:
            self.release()
            raise FolderNotUsable(folder, f"it cannot be locked: {error}") from error

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def make_socket_folder(folder: Path, account: Account) -> Path:
    """Makes a short folder that only the account can enter, and notes it in the data folder."""
    shortest: Path | None = None
    for parent in temporary_parents():
        longest = parent / f"{PREFIX}12345678" / SOCKET_FILE
        if shortest is None or len(os.fsencode(longest)) < len(os.fsencode(shortest)):
            shortest = longest
        if len(os.fsencode(longest)) > SOCKET_PATH_BYTES_MAX:
            continue
        if not os.access(parent, os.W_OK | os.X_OK) or not account.can_enter(parent):
            continue
        made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        account.take(made, 0o700)
        _write_note(folder / SOCKET_NOTE, f"{made}\n", account)
        return made
    if shortest is not None and len(os.fsencode(shortest)) > SOCKET_PATH_BYTES_MAX:
        length = len(os.fsencode(shortest))
        raise SocketPathTooLong(shortest, length=length, limit=SOCKET_PATH_BYTES_MAX)
    raise FolderNotUsable(folder, "no temporary folder is open to the server for its socket")


def _write_note(note: Path, text: str, account: Account) -> None:
    note.unlink(missing_ok=True)
    file = os.open(note, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(file, text.encode())
        if account.switches:
            os.fchown(file, account.uid, account.gid)
    finally:
        os.close(file)


def remove_socket_folder(folder: Path, account: Account) -> None:
    """Remove the noted socket folder of a server that is down; never anything that is not ours."""
    note = folder / SOCKET_NOTE
    try:
        noted = Path(note.read_text().strip())
        facts = noted.lstat()
    except (OSError, ValueError):
        return
    ours = stat.S_ISDIR(facts.st_mode) and facts.st_uid == account.uid
    if ours and noted.is_absolute() and noted.name.startswith(PREFIX):
        with contextlib.suppress(OSError):
            for name in (SOCKET_FILE, f"{SOCKET_FILE}.lock"):
                (noted / name).unlink(missing_ok=True)
            noted.rmdir()
    note.unlink(missing_ok=True)


def remove_folder(folder: Path) -> None:
    """Remove a temporary data folder with all that is in it."""
    shutil.rmtree(folder, ignore_errors=True)
