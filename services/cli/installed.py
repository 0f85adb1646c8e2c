"""The services that this command runs. A further one costs its folder and its name here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from shared.platform.hosting.runtime import Runtime
    from shared.platform.log.port import TopicSpec
    from shared.platform.service import Topics

SERVICES: Final = ("ledger", "credit", "dunning")
MODULES: Final = {name: f"services.{name}.runtime.http" for name in SERVICES}


class Runtimes(Mapping[str, "Runtime[Any]"]):
    """Finds runtimes by name. A service is imported when it is asked for, not when it is named."""

    def __getitem__(self, name: str) -> Runtime[Any]:
        found: Runtime[Any] = import_module(MODULES[name]).RUNTIME
        return found

    def __contains__(self, name: object) -> bool:
        return name in MODULES

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)


RUNTIMES: Final = Runtimes()


def chosen(*names: str | None) -> Sequence[Runtime[Any]]:
    """The services of these names; of no name, all."""
    return [RUNTIMES[name] for name in names if name] or [*RUNTIMES.values()]


def installed_specs(topics: Topics) -> Sequence[TopicSpec]:
    """Every topic that these services read or write, once."""
    from shared.platform.hosting.settings import PlatformSettings

    services = [runtime.service(PlatformSettings()) for runtime in RUNTIMES.values()]
    return [*dict.fromkeys(spec for service in services for spec in service.specs(topics))]
