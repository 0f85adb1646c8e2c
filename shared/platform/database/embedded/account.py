"""The system account the server runs under. Refuses to run a server as root."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.platform.database.embedded.errors import EmbeddedUnavailable

UNPRIVILEGED: Final = "nobody"
PROBE_TIMEOUT_S: Final = 30.0  # for a small program that only looks
# Nothing else of our environment reaches the server: PGPORT or PGOPTIONS would change it.
KEPT_VARIABLES: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")


@dataclass(frozen=True)
class Account:
    """Says whose rights the server has; `switches` when they are not those of this process."""

    uid: int
    gid: int
    switches: bool

    @classmethod
    def for_data(cls, data: Path) -> Account:
        """Chooses ourselves; for root the owner of the data already there, else `nobody`."""
        if os.geteuid() != 0:
            return cls(uid=os.geteuid(), gid=os.getegid(), switches=False)
        if data.is_dir() and data.stat().st_uid != 0:
            return cls(uid=data.stat().st_uid, gid=data.stat().st_gid, switches=True)
        try:
            entry = pwd.getpwnam(UNPRIVILEGED)
        except KeyError:
            raise EmbeddedUnavailable(
                f"root may not run it and there is no account {UNPRIVILEGED!r}"
            ) from None
        return cls(uid=entry.pw_uid, gid=entry.pw_gid, switches=True)

    def run(self, command: Sequence[str], *, timeout_s: float) -> subprocess.CompletedProcess[str]:
        """Run under this account in a session of its own, so that Ctrl-C does not reach it."""
        environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        try:
            return subprocess.run(
                list(command),
                cwd="/",
                env={**environment, "PATH": "/usr/bin:/bin", "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                timeout=timeout_s,
                check=False,
                start_new_session=True,
                umask=0o077,
                user=self.uid if self.switches else None,
                group=self.gid if self.switches else None,
                extra_groups=[] if self.switches else None,
            )
        except OSError as error:
            raise EmbeddedUnavailable(f"{command[0]} cannot be run: {error}") from error
        except subprocess.TimeoutExpired as error:
            raise EmbeddedUnavailable(f"{command[0]} took over {timeout_s:.0f} s") from error

    def can_enter(self, folder: Path) -> bool:
        """Asks the system whether the account can enter: mounts and access lists count too."""
        probe = ["/bin/sh", "-c", 'cd -- "$1" 2>/dev/null', "sh", str(folder)]
        return self.run(probe, timeout_s=PROBE_TIMEOUT_S).returncode == 0

    def take(self, path: Path, mode: int) -> None:
        """Make the path this account's own."""
        if self.switches:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)
        path.chmod(mode)
