"""The process dies at every failpoint there is, and is started again: every effect happens once."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from services.cli.client.duebook import Duebook
from services.cli.installed import SERVICES
from shared.platform.observability.failpoints import KILLED, NAMES, VARIABLE, said_at
from tests.support.brokers import Brokers
from tests.support.crashing import ACCOUNTS, DUE_SOON, INVOICES, ZONE, Outcome, Place
from tests.support.data_folders import data_folder
from tests.support.databases import Server
from tests.support.running import duebook

pytestmark = [pytest.mark.faults, pytest.mark.connected, pytest.mark.timeout(180)]

# Not at the first event of all, where nothing could be doubled yet.
LATER: Final = {
    "writer": 12,
    "log": 9,
    "relay": 9,
    "projector": 25,
    "reactor": 3,
    "timers": 1,
    "effect": 2,
    "adapter": 2,
}

IMPORT: Final = "import.after_line"  # The one point of another process than the server's.
# Nothing here fails for ever, and no file is sent: test_parked_streams.py and test_imports.py do.
ELSEWHERE: Final = frozenset(n for n in NAMES if n.startswith(("parking.", "imports.")))
SERVED: Final = sorted(NAMES - ELSEWHERE - {IMPORT})
LINES: Final = 12
MAP: Final = """
date_format = "YYYY-MM-DD"
currency = "CNY"
[legal_entity]
code = "{entity}"
name = "Imported"
time_zone = "Asia/Shanghai"
currency = "CNY"
[columns]
account = "customer"
number = "number"
issued_on = "issued"
amount = "amount"
settled_on = "settled"
[terms]
net_days = 365
[payment]
method = "transfer"
"""


def armed(name: str) -> str:
    return f"{name}:{LATER[name.partition('.')[0]]}"


class Calm(NamedTuple):
    place: Place
    outcome: Outcome


def calm_at(place: Place) -> Iterator[Calm]:
    """The story once, told by a process that lives."""
    try:
        assert asyncio.run(place.live_story("CALM")) == (0, [])
        yield Calm(place, asyncio.run(place.outcome("CALM", 0)))
    finally:
        if place.running.is_alive:
            place.running.stop()
        place.running.log.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def calm_on_postgres(server: Server) -> Iterator[Calm]:
    with data_folder() as folder:
        yield from calm_at(Place(folder, {"DUEBOOK_DATABASE_URL": server.url_of("postgres")}))


@pytest.fixture(scope="module")
def calm_on_kafka(server: Server, one_broker: Brokers) -> Iterator[Calm]:
    """Databases of its own: cursors on one log are nothing on another."""
    databases = {name: server.create() for name in SERVICES}
    environment = {
        "DUEBOOK_KAFKA": one_broker.bootstrap,
        "DUEBOOK_TOPIC_PREFIX": f"{databases['ledger'].replace('_', '-')}.",
        **{
            f"DUEBOOK_{name.upper()}_DATABASE_URL": server.url_of(database)
            for name, database in databases.items()
        },
    }
    with data_folder() as folder:
        yield from calm_at(Place(folder, environment))
    for database in databases.values():
        server.drop(database)


class CalmStory:
    def test_has_effects_that_could_be_doubled(self, calm: Calm) -> None:
        crossed, outcome = "ledger.invoice.became_overdue.v1", calm.outcome
        assert outcome.count("ledger", "ledger.invoice.issued.v1") == INVOICES
        assert (late := outcome.count("ledger", crossed)) in range(1, DUE_SOON + 1)
        assert outcome.count("dunning", "dunning.overdue_alert.raised.v1") == late
        assert outcome.count("dunning", "dunning.overdue_alert.recovered.v1") == late
        assert outcome.count("credit", "credit.credit_file.opened.v1") == ACCOUNTS
        assert outcome.count("dunning", "dunning.notice.accepted.v1") == outcome.mails
        assert outcome.mails >= ACCOUNTS


class CrashAt:
    """At every point, on a log that outlives the process."""

    @pytest.mark.parametrize("point", SERVED)
    def test_loses_and_doubles_nothing(self, calm: Calm, point: str) -> None:
        place, entity = calm.place, f"E{SERVED.index(point)}"
        if place.running.is_alive:
            place.running.stop()
        mails_before = place.mails()

        lived = asyncio.run(place.live_story(entity, armed(point)))

        assert lived == (1, [point]), "the point was not reached, or another one"
        assert asyncio.run(place.outcome(entity, mails_before)) == calm.outcome
        assert asyncio.run(place.differences()) == []

    def test_before_the_answer_replays_it_to_who_repeats_the_request(self, calm: Calm) -> None:
        place, point = calm.place, "writer.after_commit"
        body = {"code": "LOST", "name": "Us", "time_zone": ZONE, "currency": "CNY"}
        replayed: list[bool] = []

        async def register(duebook: Duebook) -> None:
            """Two times: once while the answer is lost, and once because one never knows."""
            for _ in range(2):
                answer = await duebook.command("ledger", "legal-entities", body, key="LOST")
                replayed.append(answer.replayed)

        if not place.running.is_alive:
            place.start()
        asyncio.run(place.settle())  # So that the next commit is the answer's.
        place.running.stop()

        assert asyncio.run(place.live(register, point)) == (1, [point])
        assert replayed == [True, True]
        outcome = asyncio.run(place.outcome("LOST", place.mails()))
        assert outcome.streams["ledger"] == {"{ledger.legal_entity.registered.v1}": 1}

    def test_of_an_import_loses_and_doubles_nothing_when_it_is_run_again(
        self, calm: Calm, tmp_path: Path
    ) -> None:
        place, file = calm.place, tmp_path / "ledger.csv"
        settled = ["2025-12-20", ""]
        lines = [f"C{n % 3},N{n},2025-12-01,10.00,{settled[n % 2]}" for n in range(LINES)]
        file.write_text("\n".join(["customer,number,issued,amount,settled", *lines, ""]))
        if place.running.is_alive:
            place.running.stop()
        place.start()

        once = import_file(place, file, "ONCE")
        died = import_file(place, file, "AGAIN", f"{IMPORT}:{LINES // 2}")
        again = import_file(place, file, "AGAIN")

        assert (once.returncode, died.returncode, again.returncode) == (0, KILLED, 0)
        assert died.stderr.splitlines()[-1] == said_at(IMPORT)
        asyncio.run(place.settle())
        expected = asyncio.run(place.outcome("ONCE", 0))
        assert expected.count("ledger", "ledger.invoice.issued.v1") == LINES
        assert asyncio.run(place.outcome("AGAIN", 0)) == expected
        assert asyncio.run(place.differences()) == []


class TestCalmStory(CalmStory):
    @pytest.fixture
    def calm(self, calm_on_postgres: Calm) -> Calm:
        return calm_on_postgres


class TestCrashAt(CrashAt):
    @pytest.fixture
    def calm(self, calm_on_postgres: Calm) -> Calm:
        return calm_on_postgres


class TestCalmStoryOnKafka(CalmStory):
    @pytest.fixture
    def calm(self, calm_on_kafka: Calm) -> Calm:
        return calm_on_kafka


class TestCrashAtOnKafka(CrashAt):
    @pytest.fixture
    def calm(self, calm_on_kafka: Calm) -> Calm:
        return calm_on_kafka


def import_file(
    place: Place, file: Path, entity: str, failpoint: str = ""
) -> subprocess.CompletedProcess[str]:
    map_file = file.with_name(f"{entity}.toml")
    map_file.write_text(MAP.format(entity=entity))
    arguments = ("import", "ledger", str(file), "--map", str(map_file), "--url", place.running.url)
    return duebook(*arguments, environment={VARIABLE: failpoint})
