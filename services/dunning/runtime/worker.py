"""Dunning without its API: only health, metrics, version and the clock beside the workers."""

from __future__ import annotations

from services.dunning.runtime import http
from shared.platform.hosting.host import Host
from shared.platform.hosting.settings import PlatformSettings


def host(platform: PlatformSettings) -> Host:
    return http.host(platform, api=False)
