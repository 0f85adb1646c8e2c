"""Starts Kafka brokers for tests, by deploy/kafka/kafka.py as a person would."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SCRIPT: Final = ROOT / "deploy" / "kafka" / "kafka.py"
HOME: Final = ROOT / ".duebook"
OWN_BROKER: Final = "DUEBOOK_TEST_KAFKA"
COMMAND_TIMEOUT_S: Final = 240.0
DOCKER_S_MAX: Final = 10.0
RUNS_AT_ONCE_MAX: Final = 8
# Brokers of tests live for a minute: what the second compiler wins it has not earned by then.
JAVA_OPTIONS: Final = "JAVA_TOOL_OPTIONS"
ONE_COMPILER: Final = "-XX:TieredStopAtLevel=1"


@dataclass(frozen=True)
class Brokers:
    """Is a cluster that a test may hurt, as long as it is whole again afterwards."""

    bootstrap: str
    count: int
    folder: Path

    def kill(self, number: int) -> None:
        command("kill", "--folder", str(self.folder), "--broker", str(number))

    def restart(self, number: int) -> None:
        command("restart", "--folder", str(self.folder), "--broker", str(number))


def missing() -> str | None:
    """Says why no brokers can be started here. Tests hurt brokers, so they start no containers."""
    reason = _missing()
    if reason is not None and _docker_answers():
        return f"{reason}; with Docker start compose.yaml and name it in {OWN_BROKER}"
    return reason


def _docker_answers() -> bool:
    """Asks for an engine, not only its client."""
    if shutil.which("docker") is None:
        return False
    try:
        asked = subprocess.run(["docker", "info"], capture_output=True, timeout=DOCKER_S_MAX)
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0


def _missing() -> str | None:
    libs = Path(os.environ.get("DUEBOOK_KAFKA_LIBS") or HOME / "kafka-libs") / "pom.sha256"
    pom = hashlib.sha256(SCRIPT.with_name("pom.xml").read_bytes()).hexdigest()
    is_fetched = libs.is_file() and libs.read_text("ascii") == pom
    if shutil.which("java") is None:
        return "Java 17 is missing"
    if shutil.which("mvn") is None and not is_fetched:
        return "Maven is missing"
    return None


@contextmanager
def running_brokers(count: int) -> Iterator[Brokers]:
    """Runs brokers, after wiping what a killed run of tests left in the same folder."""
    with _own_folder(count) as folder:
        at = ("--folder", str(folder))
        command("wipe", *at)
        try:
            bootstrap = command("start", *at, "--brokers", str(count)).split()[-1]
            yield Brokers(bootstrap, count, folder)
        finally:
            command("wipe", *at)


@contextmanager
def _own_folder(count: int) -> Iterator[Path]:
    """Takes the first folder that no other run of tests in this tree uses."""
    HOME.mkdir(exist_ok=True)
    for number in range(RUNS_AT_ONCE_MAX):
        folder = HOME / f"test-kafka-{count}-{number}"
        with folder.with_suffix(".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield folder
            return
    raise RuntimeError(f"{RUNS_AT_ONCE_MAX} runs of tests have brokers already")


def command(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *words],
        timeout=COMMAND_TIMEOUT_S,
        text=True,
        capture_output=True,
        check=False,
        env={**os.environ, JAVA_OPTIONS: f"{os.environ.get(JAVA_OPTIONS, '')} {ONE_COMPILER}"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
