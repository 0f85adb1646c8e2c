"""The three services in this process, behind one address, as `duebook up` runs them."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from unittest.mock import patch

import httpx
import uvicorn

from services.cli.client.clocks import Clocks
from services.cli.client.duebook import Duebook
from services.cli.installed import RUNTIMES
from shared.platform.database.migrations import migrate
from shared.platform.hosting.host import Host
from shared.platform.hosting.runtime import ALONE
from shared.platform.hosting.serving import joined
from shared.platform.hosting.settings import PlatformSettings
from shared.platform.log.memory import MemoryLog
from tests.support.contract_documents import NDJSON
from tests.support.databases import Server, apart
from tests.support.running import free_port

START: Final = datetime(2026, 1, 5, 1, tzinfo=UTC)  # 9 o'clock in Shanghai
ZONE: Final = "Asia/Shanghai"
START_S_MAX: Final = 30.0
STOP_S_MAX: Final = 30.0


@dataclass(frozen=True)
class Served:
    """Where it answers: each service under its name."""

    url: str

    def advance(self, to: datetime) -> None:
        """Day by day to the instant, all services settled."""
        apart(self._advance(to))

    async def _advance(self, to: datetime) -> None:
        async with Duebook(self.url) as duebook:
            clocks = Clocks(duebook)
            await clocks.advance(to)
            await clocks.settle()


def templates(server: Server) -> Mapping[str, str]:
    """For each service a database as its migrations leave it, to be copied."""
    made = {name: server.create() for name in RUNTIMES}
    for name, runtime in RUNTIMES.items():
        migrate(server.url_of(made[name]), runtime.migrations)
    return made


@contextmanager
def served(server: Server, templates: Mapping[str, str], folder: Path) -> Iterator[Served]:
    """With a clock that is moved by hand and databases of its own, in a loop of its own."""
    databases = {name: server.create(template=one) for name, one in templates.items()}
    port = free_port()
    platform = PlatformSettings(
        port=port,
        data=folder,
        clock="manual",
        clock_start=START,
    )
    urls = {
        f"DUEBOOK_{name.upper()}_DATABASE_URL": server.url_of(one)
        for name, one in databases.items()
    }
    running = _Running(platform, urls)
    thread = threading.Thread(target=lambda: asyncio.run(running.serve()), name="served")
    thread.start()
    try:
        assert running.ready.wait(START_S_MAX), "it did not start"
        assert running.problem is None, running.problem
        yield Served(f"http://127.0.0.1:{port}")
    finally:
        running.stop()
        thread.join(STOP_S_MAX)
        for name in databases.values():
            server.drop(name)


class _Server(uvicorn.Server):
    """Says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: threading.Event) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()


class _Running:
    """The services and their server, from start to stop."""

    def __init__(self, platform: PlatformSettings, urls: Mapping[str, str]) -> None:
        self.ready = threading.Event()
        self.problem: BaseException | None = None
        self._platform = platform
        self._urls = urls
        self._server: uvicorn.Server | None = None

    async def serve(self) -> None:
        log = MemoryLog()
        with patch.dict(os.environ, self._urls):
            hosts: dict[str, Host] = {
                name: runtime.host(self._platform, log, ALONE) for name, runtime in RUNTIMES.items()
            }
        config = uvicorn.Config(
            joined(hosts),
            host="127.0.0.1",
            port=self._platform.port,
            lifespan="off",
            access_log=False,
            log_config=None,
        )
        self._server = _Server(config, self.ready)
        try:
            for host in hosts.values():
                await host.start()
            await self._server.serve()
        except BaseException as problem:
            self.problem = problem
            self.ready.set()
            raise
        finally:
            for host in hosts.values():
                await host.stop()

    def stop(self) -> None:
        if self._server is not None:
            self._server.should_exit = True


class Caller:
    """Asks one service over HTTP, each command under a key of its own."""

    def __init__(self, url: str, service: str) -> None:
        self._http = httpx.Client(base_url=f"{url}/{service}", trust_env=False, timeout=30)
        self._keys = 0

    def close(self) -> None:
        self._http.close()

    def post(self, path: str, body: object, **query: str) -> httpx.Response:
        self._keys += 1
        headers = {"idempotency-key": f"key-{self._keys}"}
        return self._accepted(self._http.post(path, json=body, headers=headers, params=query))

    def send(self, path: str, lines: bytes) -> httpx.Response:
        """Posts a file of lines under a key of its own."""
        self._keys += 1
        headers = {"idempotency-key": f"key-{self._keys}", "content-type": NDJSON}
        return self._accepted(self._http.post(path, content=lines, headers=headers))

    def get(self, path: str, **query: str) -> httpx.Response:
        return self._accepted(self._http.get(path, params=query))

    @staticmethod
    def _accepted(answer: httpx.Response) -> httpx.Response:
        assert answer.is_success, (str(answer.request.url), answer.text)
        return answer
