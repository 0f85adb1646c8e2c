"""`duebook up`, `serve` and `work`: runs services in this process until it is told to end."""

from __future__ import annotations

import signal
from collections.abc import Callable, Coroutine, Sequence
from types import FrameType
from typing import Any

from services.cli.commands.terminal import console
from services.cli.installed import RUNTIMES, chosen
from shared.platform.hosting import serving
from shared.platform.hosting.chosen_log import open_log
from shared.platform.hosting.host import Host
from shared.platform.hosting.local_server import make_log_database, migrate_service, server_for
from shared.platform.hosting.runtime import ALONE, SERVER, WORKER
from shared.platform.hosting.settings import PlatformSettings
from shared.platform.observability.logs import configure_logs


def up(settings: PlatformSettings) -> None:
    """Runs all services, on an embedded PostgreSQL unless one is named."""
    end_cleanly()

    def said(address: str) -> None:
        console.print(f"Duebook answers at {address}")

    run_services(settings, lambda placed: serve_all(placed, said))


def run_services(
    settings: PlatformSettings,
    main: Callable[[PlatformSettings], Coroutine[Any, Any, None]],
    names: Sequence[str] = (),
) -> None:
    """Runs it with these services migrated, or all, on a server that is started if need be."""
    runtimes = chosen(*names)
    configure_logs(settings.log_level)
    with server_for(settings, runtimes) as placed:
        make_log_database(placed)
        for one in runtimes:
            migrate_service(placed, one)
        serving.run(main(placed))


async def serve_all(settings: PlatformSettings, ready: Callable[[str], None]) -> None:
    """Serves all services and runs their workers, until the process is told to end."""
    log = open_log(settings)
    hosts: dict[str, Host] = {
        name: runtime.host(settings, log, ALONE) for name, runtime in RUNTIMES.items()
    }
    try:
        await serving.serve(
            serving.joined(hosts),
            [*hosts.values()],
            host=settings.host,
            port=settings.port,
            ready=ready,
        )
    finally:
        await log.close()


def serve(service: str, settings: PlatformSettings) -> None:
    """Answers HTTP for one service; its workers run elsewhere."""
    _run_alone(service, settings, lambda: RUNTIMES[service].host(settings, role=SERVER))


def work(service: str, settings: PlatformSettings) -> None:
    """Runs the workers of one service."""
    _run_alone(service, settings, lambda: RUNTIMES[service].host(settings, role=WORKER))


def _run_alone(name: str, settings: PlatformSettings, make: Callable[[], Host]) -> None:
    configure_logs(settings.log_level)

    def said(address: str) -> None:
        console.print(f"{name} answers at {address}")

    async def main() -> None:
        one = make()
        await serving.serve(one.app, [one], host=settings.host, port=settings.port, ready=said)

    serving.run(main())


def end_cleanly() -> None:
    """Before the server has its own handlers, SIGTERM unwinds like SIGINT does."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, end)
