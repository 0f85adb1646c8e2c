"""Where services answer: all at one address, or each at its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.cli.installed import RUNTIMES

HOME_URL: Final = "http://127.0.0.1:8080"


class AddressUnclear(ValueError):
    """Neither one address nor one of every service, as in ledger=http://…,credit=http://…"""


def roots_of(text: str) -> Mapping[str, str]:
    """Service -> address of its root. Raises AddressUnclear."""
    if "=" not in text.partition("://")[0]:
        return {name: f"{_address(text)}/{name}" for name in RUNTIMES}
    parts = [part.partition("=") for part in text.split(",")]
    roots = {name.strip(): _address(address) for name, _, address in parts}
    if set(roots) != set(RUNTIMES) or len(parts) != len(RUNTIMES):
        raise AddressUnclear(f"name each of {', '.join(RUNTIMES)} once, as name=http://host:port")
    return roots


def _address(text: str) -> str:
    address = text.strip().rstrip("/")
    if not address.startswith(("http://", "https://")):
        raise AddressUnclear(f"{address!r} does not begin with http:// or https://")
    return address
