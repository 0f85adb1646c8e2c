"""Dunning in this process: its API, its workers, or both."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from services.dunning.runtime.settings import Settings
from services.dunning.runtime.wiring import service
from shared.platform.hosting.host import Host
from shared.platform.hosting.open_host import WHOLE, Role, open_host
from shared.platform.hosting.settings import PlatformSettings
from shared.platform.log.port import EventLog

MIGRATIONS: Final = Path(__file__).parents[1] / "migrations"


def host(platform: PlatformSettings, log: EventLog | None = None, role: Role = WHOLE) -> Host:
    return open_host(service(Settings.of(platform)), MIGRATIONS, platform, log, role)
