"""Runs hosts behind one HTTP server until somebody says stop, then lets them finish."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

import structlog
import uvicorn
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.platform.hosting.host import Host
from shared.platform.http import answers
from shared.platform.http.tracing import Tracing
from shared.platform.observability.logs import version

T = TypeVar("T")

REQUESTS_END_S_MAX: Final = 5  # seconds that answers under way have after a signal
KEEP_ALIVE_S: Final = 75  # of an idle connection; longer than balancers keep theirs
# Few and late collections: a full one of a warm process costs tens of milliseconds.
GC_THRESHOLDS: Final = (50_000, 20, 50)

_log = structlog.get_logger("duebook.serving")


class _Server(uvicorn.Server):
    """Leaves signals to us: uvicorn's own would end the process before the hosts are stopped."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[str], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            name, port = self.servers[0].sockets[0].getsockname()[:2]
            self._ready(f"http://{f'[{name}]' if ':' in name else name}:{port}")

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def joined(hosts: Mapping[str, Host]) -> ASGIApp:
    """Joins services in one app, each under its name, with a page of addresses at the root."""
    mounted = {name: host.app for name, host in hosts.items()}
    root = _home(tuple(hosts))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path"][1:].partition("/")[0] if "path" in scope else ""
        found = mounted.get(name)
        if found is None:
            await root(scope, receive, send)
            return
        outer = scope.get("root_path", "")
        inner = {"root_path": f"{outer}/{name}", "app_root_path": outer}
        await found({**scope, **inner}, receive, send)

    return app


def _home(names: Sequence[str]) -> FastAPI:
    home = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)

    @home.get("/")
    async def show(request: Request) -> JSONResponse:
        base = str(request.base_url).rstrip("/")
        services = {
            name: {"api": f"{base}/{name}/v1", "docs": f"{base}/{name}/docs"} for name in names
        }
        return JSONResponse({"name": "duebook", "version": version(), "services": services})

    answers.install(home)
    home.add_middleware(Tracing, service="duebook")
    return home


async def serve(
    app: ASGIApp,
    hosts: Sequence[Host],
    *,
    host: str,
    port: int,
    ready: Callable[[str], None] = lambda address: None,
) -> None:
    """Serves until SIGTERM or SIGINT. `ready` is given the address once everything answers.

    Raises what a host finds wrong after its start: topics that are not ours.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=REQUESTS_END_S_MAX,
    )
    server = _Server(config, ready)
    stop_asked = asyncio.Event()
    begun: list[Host] = []
    try:
        with _stopping(server, hosts, stop_asked):
            if not await _done_before(stop_asked, _start_all(hosts, begun)):
                return
            gc.collect()
            gc.freeze()
            gc.set_threshold(*GC_THRESHOLDS)
            watching = asyncio.create_task(_watch(begun, server))
            await server.serve()
            watching.cancel()
            await asyncio.wait({watching})
            if not watching.cancelled():
                watching.result()
    finally:
        await _stop_all(begun)


async def _start_all(hosts: Sequence[Host], begun: list[Host]) -> None:
    for one in hosts:
        begun.append(one)
        await one.start()


async def _done_before(stop_asked: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Waits for the work or the signal: a start may wait long for what is away."""
    working, ending = asyncio.create_task(work), asyncio.create_task(stop_asked.wait())
    await asyncio.wait({working, ending}, return_when=asyncio.FIRST_COMPLETED)
    ending.cancel()
    if not working.done():
        working.cancel()
        await asyncio.wait({working})
        return False
    working.result()
    return True


async def _watch(hosts: Sequence[Host], server: uvicorn.Server) -> None:
    """Ends the server when a host finds that it should not have been started."""
    try:
        await asyncio.gather(*(one.failed() for one in hosts))
    except Exception:
        server.should_exit = True
        raise


async def _stop_all(hosts: Sequence[Host]) -> None:
    outcomes = await asyncio.gather(*(one.stop() for one in hosts), return_exceptions=True)
    for one, outcome in zip(hosts, outcomes, strict=True):
        if isinstance(outcome, BaseException):
            _log.error("stop_failed", service=one.service.name, exc_info=outcome)


@contextlib.contextmanager
def _stopping(
    server: uvicorn.Server, hosts: Sequence[Host], stop_asked: asyncio.Event
) -> Iterator[None]:
    """Handles signals: the first one drains, a second one waits for nobody."""

    def stop() -> None:
        if server.should_exit:
            server.force_exit = True
        server.should_exit = True
        stop_asked.set()
        for one in hosts:
            one.drain()

    loop = asyncio.get_running_loop()
    names = (signal.SIGTERM, signal.SIGINT)
    try:
        for name in names:
            loop.add_signal_handler(name, stop)
    except NotImplementedError:  # Windows has no such thing; the plain way is near enough there.
        for name in names:
            signal.signal(name, lambda *_: loop.call_soon_threadsafe(stop))
        yield
        return
    try:
        yield
    finally:
        for name in names:
            loop.remove_signal_handler(name)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs it in the fastest event loop there is."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
