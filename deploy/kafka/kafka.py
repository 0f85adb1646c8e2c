#!/usr/bin/env python3
"""Apache Kafka on this machine's loopback, one broker or three, without Docker.

Needs Java 17 and Maven; refuses to touch a process that is not a broker of its own folder.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from metadata import HOST, brokers_seen_by  # It lies beside this script.

HERE: Final = Path(__file__).resolve().parent
HOME: Final = HERE.parents[1] / ".duebook"
POM: Final = HERE / "pom.xml"
LOGGING: Final = HERE / "log4j2.xml"
PORTS: Final = range(20_000, 32_000)
JVM: Final = ("-Xms256m", "-Xmx384m", "-XX:+UseSerialGC")
JAVA_MIN: Final = 17  # the oldest Java that Kafka 4 runs on
READY_TIMEOUT_S: Final = 90.0  # for a cluster to answer
STOP_TIMEOUT_S: Final = 15.0  # for a broker to end by itself
KILL_TIMEOUT_S: Final = 10.0  # for a killed broker to be gone
POLL_S: Final = 0.1  # between two looks
SAID_LINES_MAX: Final = 15  # of a program's last words that are shown


class Refused(Exception):
    """Why it cannot be done, in one line for whoever typed the command."""


@dataclass(frozen=True)
class Broker:
    id: int
    port: int
    controller_port: int


@dataclass(frozen=True)
class Cluster:
    """What a folder holds; written once, so that ports and data outlive a stop."""

    folder: Path
    cluster_id: str
    brokers: tuple[Broker, ...]

    @property
    def bootstrap(self) -> str:
        return ",".join(f"{HOST}:{broker.port}" for broker in self.brokers)

    def home_of(self, broker: Broker) -> Path:
        return self.folder / f"broker-{broker.id}"

    def properties_of(self, broker: Broker) -> Path:
        return self.home_of(broker) / "server.properties"

    def find(self, number: int) -> Broker:
        for broker in self.brokers:
            if broker.id == number:
                return broker
        raise Refused(f"There is no broker {number}; the folder holds {len(self.brokers)}.")


def libs_folder() -> Path:
    return Path(os.environ.get("DUEBOOK_KAFKA_LIBS") or HOME / "kafka-libs").absolute()


def fetch() -> Path:
    """Does nothing when the jars of this very pom.xml are there."""
    libs = libs_folder()
    wanted = hashlib.sha256(POM.read_bytes()).hexdigest()
    marker = libs / "pom.sha256"
    if marker.is_file() and marker.read_text("ascii") == wanted:
        return libs
    if libs.exists() and any(libs.iterdir()) and not marker.is_file():
        raise Refused(f"{libs} holds something else: set DUEBOOK_KAFKA_LIBS to another folder.")
    if shutil.which("mvn") is None:
        raise Refused("Maven is missing: install it, or point DUEBOOK_KAFKA_LIBS at fetched jars.")
    fresh = libs.with_name(f"{libs.name}.{os.getpid()}")
    fresh.mkdir(parents=True)
    try:
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime"]
        run(["mvn", "-B", "-q", "-f", str(POM), *goal, f"-DoutputDirectory={fresh}"])
        (fresh / "pom.sha256").write_text(wanted, "ascii")
        shutil.rmtree(libs, ignore_errors=True)
        with suppress(OSError):  # Another fetch was faster: its jars are the same.
            fresh.rename(libs)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return libs


def run(command: Sequence[str]) -> str:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        said = "\n".join(done.stdout.splitlines()[-SAID_LINES_MAX:])
        raise Refused(f"{command[0]} failed:\n{said}")
    return done.stdout


def java() -> str:
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if found is None:
        raise Refused(f"Java is missing: install Java {JAVA_MIN} or newer.")
    said = run([found, "-version"])
    version = said.partition('"')[2].split(".")[0].strip('"\n ')
    if not version.isdigit() or int(version) < JAVA_MIN:
        raise Refused(f"Java {JAVA_MIN} or newer is needed, {found} says: {said.splitlines()[0]}")
    return found


def load(folder: Path) -> Cluster | None:
    with suppress(FileNotFoundError):
        held = json.loads((folder / "cluster.json").read_text("utf-8"))
        brokers = tuple(Broker(**broker) for broker in held["brokers"])
        return Cluster(folder, held["cluster_id"], brokers)
    return None


def loaded(folder: Path) -> Cluster:
    cluster = load(folder)
    if cluster is None:
        raise Refused(f"{folder} holds no cluster: start one first.")
    return cluster


def create(folder: Path, count: int, port_base: int | None) -> Cluster:
    if folder.exists() and any(folder.iterdir()):
        raise Refused(f"{folder} holds something else: give another --folder.")
    ports = free_ports(2 * count) if port_base is None else range(port_base, port_base + 2 * count)
    brokers = tuple(Broker(n + 1, ports[2 * n], ports[2 * n + 1]) for n in range(count))
    # An "A" first: an id that begins with "-" would look like an option.
    cluster_id = "A" + base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")[1:]
    cluster = Cluster(folder, cluster_id, brokers)
    for broker in brokers:
        cluster.home_of(broker).mkdir(parents=True)
        lines = [f"{name}={value}" for name, value in settings(cluster, broker).items()]
        cluster.properties_of(broker).write_text("\n".join(lines) + "\n", "utf-8")
    held = {"cluster_id": cluster_id, "brokers": [asdict(broker) for broker in brokers]}
    (folder / "cluster.json").write_text(json.dumps(held, indent=1), "utf-8")
    return cluster


def free_ports(count: int) -> Sequence[int]:
    """Below those lent to clients, lest one takes the port of a broker that is down."""
    found: list[int] = []
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            found.append(port)
        if len(found) == count:
            return found
    raise Refused(f"No {count} free ports from {PORTS[0]} to {PORTS[-1]}: give --port-base.")


def settings(cluster: Cluster, broker: Broker) -> Mapping[str, object]:
    """server.properties of one broker; compose.yaml says the same."""
    common = {
        "node.id": broker.id,
        "process.roles": "broker,controller",
        "listeners": f"PLAINTEXT://{HOST}:{broker.port},CONTROLLER://{HOST}:{broker.controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{broker.port}",
        "inter.broker.listener.name": "PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": cluster.home_of(broker) / "data",
        "auto.create.topics.enable": "false",
        "offsets.topic.num.partitions": 4,
        "group.initial.rebalance.delay.ms": 0,
    }
    if len(cluster.brokers) == 1:
        return common | {
            "controller.quorum.bootstrap.servers": f"{HOST}:{broker.controller_port}",
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
        }
    voters = ",".join(f"{each.id}@{HOST}:{each.controller_port}" for each in cluster.brokers)
    return common | {
        "controller.quorum.voters": voters,
        "broker.session.timeout.ms": 6000,
        "unclean.leader.election.enable": "false",
        "default.replication.factor": 3,
        "min.insync.replicas": 2,
    }


def pid_of(cluster: Cluster, broker: Broker) -> int | None:
    """The live process of this very broker; a number used again by another process is none."""
    try:
        pid = int((cluster.home_of(broker) / "pid").read_text("ascii"))
    except (FileNotFoundError, ValueError):
        return None
    return pid if str(cluster.properties_of(broker)) in command_line(pid) else None


def command_line(pid: int) -> str:
    process = Path("/proc", str(pid))
    if not Path("/proc/self/cmdline").exists():
        command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    try:
        while not (words := (process / "cmdline").read_bytes()):  # Empty during an exec, briefly,
            if "\nState:\tZ" in (process / "status").read_text():  # and of the dead, for good.
                return ""
            time.sleep(POLL_S)
    except OSError:
        return ""
    return words.replace(b"\0", b" ").decode()


def launch(cluster: Cluster, brokers: Sequence[Broker]) -> None:
    """Formats what is fresh and starts what does not run."""
    program = java()
    classes = f"{fetch()}/*"
    fresh = [broker for broker in brokers if not (cluster.home_of(broker) / "data").exists()]
    tool = [program, "-Xmx128m", "-XX:+UseSerialGC", "-cp", classes, "kafka.tools.StorageTool"]
    alone = ["--standalone"] if len(cluster.brokers) == 1 else []
    for broker in fresh:
        properties = str(cluster.properties_of(broker))
        run([*tool, "format", "-t", cluster.cluster_id, "-c", properties, *alone])
    for broker in brokers:
        if pid_of(cluster, broker) is None:
            spawn(cluster, broker, program, classes)


def spawn(cluster: Cluster, broker: Broker, program: str, classes: str) -> None:
    home = cluster.home_of(broker)
    options = (*JVM, f"-Dlog4j2.configurationFile={LOGGING}", f"-Dduebook.kafka.logs={home}")
    command = [program, *options, "-cp", classes, "kafka.Kafka", str(cluster.properties_of(broker))]
    with (home / "output").open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=home,
            start_new_session=True,  # A Ctrl-C meant for the caller is not for the broker.
        )
    (home / "pid").write_text(str(process.pid), "ascii")


def end(cluster: Cluster, brokers: Sequence[Broker], sign: signal.Signals, wait_s: float) -> bool:
    """Whether all of them are gone within wait_s."""
    for broker in brokers:
        if (pid := pid_of(cluster, broker)) is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, sign)
    return until(lambda: all(pid_of(cluster, broker) is None for broker in brokers), wait_s)


def until(true: Callable[[], bool], wait_s: float) -> bool:
    deadline = time.monotonic() + wait_s
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def await_ready(cluster: Cluster, brokers: Sequence[Broker]) -> None:
    """Until each of the brokers tells clients about all of them."""
    wanted = {broker.id for broker in brokers}
    deadline = time.monotonic() + READY_TIMEOUT_S
    while not all(brokers_seen_by(broker.port) >= wanted for broker in brokers):
        for broker in brokers:
            if pid_of(cluster, broker) is None:
                raise Refused(f"Broker {broker.id} ended:\n{last_words(cluster, broker)}")
        if time.monotonic() > deadline:
            words = last_words(cluster, brokers[0])
            raise Refused(f"Not ready after {READY_TIMEOUT_S:.0f} s:\n{words}")
        time.sleep(POLL_S)


def last_words(cluster: Cluster, broker: Broker) -> str:
    lines: list[str] = []
    for name in ("server.log", "output"):
        with suppress(FileNotFoundError):
            text = (cluster.home_of(broker) / name).read_text("utf-8", errors="replace")
            lines += text.splitlines()[-SAID_LINES_MAX:]
    return "\n".join(lines)


def start(folder: Path, count: int | None, port_base: int | None) -> None:
    cluster = load(folder)
    java()
    fetch()
    if cluster is None:
        cluster = create(folder, count or 1, port_base)
    elif count not in (None, len(cluster.brokers)):
        raise Refused(f"{folder} holds {len(cluster.brokers)} broker(s): wipe it first.")
    launch(cluster, cluster.brokers)
    await_ready(cluster, cluster.brokers)
    print(cluster.bootstrap)


def stop(folder: Path) -> None:
    cluster = load(folder)
    if cluster is None:
        return
    if not end(cluster, cluster.brokers, signal.SIGTERM, STOP_TIMEOUT_S):
        kill(cluster, cluster.brokers)  # The last of three cannot hand over and would wait on.


def kill(cluster: Cluster, brokers: Sequence[Broker]) -> None:
    if not end(cluster, brokers, signal.SIGKILL, KILL_TIMEOUT_S):
        raise Refused("A broker survived SIGKILL.")


def restart(cluster: Cluster, broker: Broker) -> None:
    if not end(cluster, [broker], signal.SIGTERM, STOP_TIMEOUT_S):
        kill(cluster, [broker])
    launch(cluster, [broker])
    await_ready(cluster, [broker])
    print(cluster.bootstrap)


def wipe(folder: Path) -> None:
    """Only what start made."""
    cluster = load(folder)
    if cluster is None:
        return
    kill(cluster, cluster.brokers)
    for broker in cluster.brokers:
        shutil.rmtree(cluster.home_of(broker), ignore_errors=True)
    (folder / "cluster.json").unlink()
    with suppress(OSError):
        folder.rmdir()


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = top.add_subparsers(dest="command", required=True)
    commands.add_parser("fetch", help="jars into .duebook/kafka-libs or $DUEBOOK_KAFKA_LIBS")
    meanings = {
        "start": "start what does not run, wait until it serves, print its address",
        "stop": "stop all brokers, keep the data",
        "kill": "SIGKILL one broker",
        "restart": "stop one broker if it runs, start it, wait until it serves",
        "wipe": "SIGKILL all brokers, delete their data",
    }
    for name, meaning in meanings.items():
        command = commands.add_parser(name, help=meaning)
        command.add_argument("--folder", type=Path, default=HOME / "kafka", help="data")
        if name == "start":
            command.add_argument("--brokers", type=int, choices=(1, 3), help="default 1")
            command.add_argument("--port-base", type=int, help="default: any free ports")
        if name in ("kill", "restart"):
            command.add_argument("--broker", type=int, required=True, help="its number, from 1")
    return top


def obey(given: argparse.Namespace) -> None:
    if given.command == "fetch":
        print(fetch())
        return
    folder = given.folder.absolute()
    if given.command == "start":
        start(folder, given.brokers, given.port_base)
    elif given.command == "stop":
        stop(folder)
    elif given.command == "wipe":
        wipe(folder)
    else:
        cluster = loaded(folder)
        broker = cluster.find(given.broker)
        if given.command == "kill":
            kill(cluster, [broker])
        else:
            restart(cluster, broker)


if __name__ == "__main__":
    try:
        obey(parser().parse_args())
    except Refused as refused:
        sys.exit(str(refused))
