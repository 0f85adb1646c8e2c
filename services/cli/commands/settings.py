"""`duebook settings`: what the environment may say, and what the command line says instead."""

from __future__ import annotations

from pydantic_settings import BaseSettings

from services.cli.installed import RUNTIMES
from shared.platform.hosting.settings import PlatformSettings, rows_of


def settings_with(**given: object) -> PlatformSettings:
    """From the environment, with what the command line says instead."""
    said = {name: value for name, value in given.items() if value is not None}
    return PlatformSettings(**said)  # type: ignore[arg-type] # checked by pydantic


def settings_table() -> str:
    """Every setting with its default and meaning, in Markdown."""
    kinds: list[type[BaseSettings]] = [
        PlatformSettings,
        *(runtime.settings for runtime in RUNTIMES.values()),
    ]
    lines = [f"| `{row.name}` | {row.default} | {row.meaning} |" for row in rows_of(kinds)]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *lines])
