"""The services that this command runs. A further one costs its folder and its name here."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

from shared.platform.hosting.runtime import Runtime
from shared.platform.hosting.settings import PlatformSettings
from shared.platform.log.port import TopicSpec
from shared.platform.service import Topics

SERVICES: Final = ("ledger", "credit", "dunning")

RUNTIMES: Final[dict[str, Runtime[Any]]] = {
    name: import_module(f"services.{name}.runtime.http").RUNTIME for name in SERVICES
}


def installed_specs(topics: Topics) -> Sequence[TopicSpec]:
    """Every topic that these services read or write, once."""
    services = [runtime.service(PlatformSettings()) for runtime in RUNTIMES.values()]
    return [*dict.fromkeys(spec for service in services for spec in service.specs(topics))]
