"""The time zones of the world, as the tzdata package has them: the same on every machine.

A host's own files are never read: their rules are as old as the host, and a name such as
`localtime` means something else on each.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

_ZONES_MAX: Final = 1_000  # zones kept in memory; the IANA list has about 600 names
_OF_THE_HOST: Final = frozenset(("localtime", "posixrules", "Factory"))
_OTHER_COUNTS: Final = ("posix/", "right/")  # Folders of hosts that count leap seconds.


class UnknownZone(ValueError):
    """Not a time zone of the IANA list."""


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    listed = files("tzdata").joinpath("zones").read_text("ascii").split()
    return frozenset(listed) - _OF_THE_HOST


def is_of_the_host(name: str) -> bool:
    """Whether the name means on each host what that host makes of it."""
    return name in _OF_THE_HOST or name.startswith(_OTHER_COUNTS)


@lru_cache(maxsize=_ZONES_MAX)
def zone_of(name: str) -> ZoneInfo:
    """The zone's rules. Raises UnknownZone."""
    if name not in zone_names():
        raise UnknownZone(name)
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name)
