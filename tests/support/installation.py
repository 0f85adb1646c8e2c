"""Runs Duebook as in production, small: processes around a PostgreSQL and Kafka."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from services.cli.installed import SERVICES
from tests.support.databases import Server
from tests.support.running import CLI, ROOT, STOP_S_MAX, VERIFY_S_MAX, duebook, free_port

READY_S_MAX: Final = 60.0
LAST_LINES: Final = 40


class Process:
    """Runs one `duebook serve` or `work`: started, hurt, started again at the same port."""

    def __init__(
        self,
        role: str,
        service: str,
        *,
        nth: int = 0,
        port: int,
        folder: Path,
        environment: Mapping[str, str],
    ) -> None:
        self.name = f"{role} {service}" + (f" {nth}" if nth else "")
        self.service = service
        self.port = port
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"{self.name.replace(' ', '-')}.log"
        self.starts = 0
        self._arguments = (role, service, "--port", str(self.port))
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, environment: Mapping[str, str] | None = None) -> None:
        """Returns at once; with these variables beside our own."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*CLI, *self._arguments],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={
                    **os.environ,
                    "PYTHONUNBUFFERED": "1",
                    **self._environment,
                    **(environment or {}),
                },
            )
        self.starts += 1

    def await_ready(self) -> None:
        deadline = time.monotonic() + READY_S_MAX
        while time.monotonic() < deadline:
            if self.exit_status is not None:
                raise AssertionError(f"{self.name} ended before it was ready\n{self.last_words()}")
            if self.ready() is None:
                return
            time.sleep(0.1)
        raise AssertionError(f"{self.name} is not ready: {self.ready()}\n{self.last_words()}")

    def ready(self) -> str | None:
        """Says what is missing; None: it is ready."""
        try:
            answer = httpx.get(f"{self.url}/health/ready", timeout=2)
        except httpx.TransportError as problem:
            return type(problem).__name__
        return None if answer.status_code == 200 else answer.text

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """Kills with -9: nothing is said, nothing is flushed."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> float:
        """Stops by SIGTERM and gives the seconds it took. Raises if it does not end cleanly."""
        assert self._process is not None
        started = time.monotonic()
        self.send(signal.SIGTERM)
        status = self._process.wait(STOP_S_MAX)
        if status != 0:
            raise AssertionError(f"{self.name}: exit status {status}\n{self.last_words()}")
        return time.monotonic() - started

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """None while it lives."""
        assert self._process is not None
        return self._process.poll()

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric over all series with these labels."""
        total = 0.0
        for line in httpx.get(f"{self.url}/metrics", timeout=10).text.splitlines():
            series, _, value = line.rpartition(" ")
            kind, _, found = series.partition("{")
            if kind == name and all(f'{key}="{text}"' in found for key, text in labels.items()):
                total += float(value)
        return total

    def last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LAST_LINES:])


class Installation:
    """Runs six processes, or more. Databases and topics are its own; the servers are given."""

    def __init__(
        self,
        server: Server,
        kafka: str,
        folder: Path,
        *,
        clock_start: str | None = None,
        lease_ttl_s: float = 3.0,
        workers: Mapping[str, int] | None = None,  # How many of a service; default: one.
        apart: Mapping[str, Server] | None = None,  # Services whose database is elsewhere.
    ) -> None:
        """`clock_start` makes the domain clock one that is moved by hand."""
        self.folder = folder
        self._servers = {name: (apart or {}).get(name, server) for name in SERVICES}
        self.databases = {name: one.create() for name, one in self._servers.items()}
        self.topic_prefix = f"{self.databases['ledger'].replace('_', '-')}."
        self.mail = folder / "mail"
        ledger_port = free_port()
        self.environment = {
            "DUEBOOK_KAFKA": kafka,
            "DUEBOOK_TOPIC_PREFIX": self.topic_prefix,
            "DUEBOOK_LEASE_TTL_S": str(lease_ttl_s),
            "DUEBOOK_DATA": str(folder),
            "DUEBOOK_DUNNING_MAIL_FOLDER": str(self.mail),
            "DUEBOOK_DUNNING_LEDGER_URL": f"http://127.0.0.1:{ledger_port}",
            **{
                f"DUEBOOK_{name.upper()}_DATABASE_URL": self.database_url(name) for name in SERVICES
            },
        }
        if clock_start is not None:
            self.environment |= {"DUEBOOK_CLOCK": "manual", "DUEBOOK_CLOCK_START": clock_start}
        self.processes: dict[str, Process] = {}
        for service in SERVICES:
            self._add("serve", service, 0, ledger_port if service == "ledger" else free_port())
            for nth in range((workers or {}).get(service, 1)):
                self._add("work", service, nth, free_port())

    def __getitem__(self, name: str) -> Process:
        """`serve ledger`, `work dunning`, `work ledger 1`."""
        return self.processes[name]

    @property
    def url(self) -> str:
        """Gives the addresses for `--url` and for our own client."""
        return ",".join(f"{name}={self[f'serve {name}'].url}" for name in SERVICES)

    def database_url(self, service: str) -> str:
        """Gives the address for the owner of everything."""
        return self._servers[service].url_of(self.databases[service])

    def verify(self) -> None:
        """Fails with what it said if anything differs."""
        self.run("verify", timeout_s=VERIFY_S_MAX)

    def prepare(self) -> None:
        """Makes migrations and topics."""
        self.run("migrate")
        self.run("topics", "apply")

    def run(self, *arguments: str, timeout_s: float = 600.0) -> str:
        """Runs one command of the command line in our environment; gives what it printed."""
        done = duebook(*arguments, timeout_s=timeout_s, environment=self.environment)
        assert done.returncode == 0, (arguments, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def start(self, names: Iterable[str] = ()) -> None:
        """Starts these processes, or all; returns when they are ready."""
        chosen = [self[name] for name in names] or [*self.processes.values()]
        for process in chosen:
            process.start()
        for process in chosen:
            process.await_ready()

    def stop(self) -> None:
        """Stops all that live, cleanly."""
        for process in self.processes.values():
            if process.is_alive:
                process.stop()

    def drop(self) -> None:
        """Kills whatever lives, and drops the databases."""
        for process in self.processes.values():
            if process.is_alive:
                process.kill()
        for name, database in self.databases.items():
            self._servers[name].drop(database)

    def _add(self, role: str, service: str, nth: int, port: int) -> None:
        process = Process(
            role, service, nth=nth, port=port, folder=self.folder, environment=self.environment
        )
        self.processes[process.name] = process


@contextmanager
def installed(
    server: Server,
    kafka: str,
    folder: Path,
    *,
    clock_start: str | None = None,
    lease_ttl_s: float = 3.0,
    workers: Mapping[str, int] | None = None,
    apart: Mapping[str, Server] | None = None,
) -> Iterator[Installation]:
    """Prepares an installation and does not start it. What still runs at the end is killed."""
    found = Installation(
        server,
        kafka,
        folder,
        clock_start=clock_start,
        lease_ttl_s=lease_ttl_s,
        workers=workers,
        apart=apart,
    )
    try:
        found.prepare()
        yield found
    finally:
        found.drop()
