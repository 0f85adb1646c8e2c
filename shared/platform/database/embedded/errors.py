"""Says why the embedded PostgreSQL cannot serve, with facts and the way out; no bare OSError."""

from __future__ import annotations

from pathlib import Path
from typing import Final

OWN_SERVER: Final = (
    "set DUEBOOK_DATABASE_URL to a PostgreSQL server of your own (version 15 or newer)"
)
OTHER_FOLDER: Final = "set DUEBOOK_DATA to another folder"


class EmbeddedError(Exception):
    """The embedded server was refused or failed; the text is meant for the operator."""


class EmbeddedUnavailable(EmbeddedError):
    """No PostgreSQL binaries can be run here."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"No embedded PostgreSQL: {reason}. Way out: {OWN_SERVER}.")


class FolderInUse(EmbeddedError):
    """Another process supervises the server of this folder."""

    def __init__(self, folder: Path, holder_pid: int | None) -> None:
        self.folder = folder
        self.holder_pid = holder_pid
        holder = "another process" if holder_pid is None else f"process {holder_pid}"
        super().__init__(
            f"The data folder {folder} is in use by {holder}: stop that one, or {OTHER_FOLDER}."
        )


class FolderNotUsable(EmbeddedError):
    """The folder cannot hold the data: not ours, not writable or out of reach."""

    def __init__(self, folder: Path, reason: str) -> None:
        self.folder = folder
        self.reason = reason
        super().__init__(f"The data folder {folder} cannot be used: {reason}. {_way_out()}")


class ForeignVersion(EmbeddedError):
    """The data was written by another major version of PostgreSQL."""

    def __init__(self, folder: Path, *, found: str, expected: int) -> None:
        self.folder = folder
        self.found = found
        self.expected = expected
        super().__init__(
            f"The data folder {folder} was written by PostgreSQL {found}, the binaries here are "
            f"version {expected}. Way out: start it with PostgreSQL {found}, copy every database "
            f"with pg_dump and restore into a fresh folder; or {OTHER_FOLDER} and start empty."
        )


class SocketPathTooLong(EmbeddedError):
    """No temporary folder is short enough for a unix socket."""

    def __init__(self, path: Path, *, length: int, limit: int) -> None:
        self.path = path
        self.length = length
        self.limit = limit
        super().__init__(
            f"The socket path {path} has {length} bytes, the system allows {limit}. "
            f"Way out: set TMPDIR to a shorter folder, or {OWN_SERVER}."
        )


class ServerFailed(EmbeddedError):
    """A PostgreSQL command failed; carries what it said and the end of the server's log."""

    def __init__(self, *, step: str, said: str, log_tail: str) -> None:
        self.step = step
        self.said = said
        self.log_tail = log_tail
        log = f"\nLast lines of the server's log:\n{log_tail}" if log_tail else ""
        super().__init__(f"The embedded PostgreSQL failed to {step}: {said}{log}\nOr {OWN_SERVER}.")


def _way_out() -> str:
    return f"Way out: {OTHER_FOLDER}, or {OWN_SERVER}."
