"""The IBM ledger on Kafka: six processes and a broker are killed on the way, the figures are equal.

One run serves all of these tests. A moment of a kill is a day of the story and a fraction of a
second, both seeded, so it means the same on a slow machine and on a fast one.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import pytest

from services.cli.installed import SERVICES, installed_specs
from shared.platform.clock import wall_now
from shared.platform.service import Topics
from tests.journeys import test_ibm_import as on_one_process
from tests.support.brokers import Brokers
from tests.support.calm import Calm
from tests.support.databases import DEBIAN_15, running_server
from tests.support.ibm_story import (
    CLOCK_START,
    FIRST_DAY,
    LAST_DAY,
    PROMISE_DAY,
    ZONE,
    Lived,
    live_through,
    needs_data,
)
from tests.support.installation import Installation, installed
from tests.support.nemesis import Nemesis, blows
from tests.support.run_notes import note
from tests.support.topic_reading import Read, first_of_each, read_topics

pytestmark = [
    pytest.mark.faults,
    pytest.mark.connected,
    pytest.mark.real_data,
    needs_data,
    pytest.mark.skipif(not DEBIAN_15.exists(), reason=f"PostgreSQL 15 is not in {DEBIAN_15}"),
    pytest.mark.timeout(1800),
]

SEED: Final = 20120106
TARGETS: Final = (
    *(f"{role} {service}" for service in SERVICES for role in ("serve", "work")),
    "broker 2",
)
KILLS: Final = 3  # of each
FIRST_BLOW: Final = FIRST_DAY + timedelta(days=7)
LAST_BLOW: Final = LAST_DAY - timedelta(days=45)  # Then the book is thin, and days fly.
SPARED: Final = (PROMISE_DAY - timedelta(days=3), PROMISE_DAY)  # The import pauses for the call.
RAISED: Final = "dunning.overdue_alert.raised.v1"
RECOVERED: Final = "dunning.overdue_alert.recovered.v1"


@dataclass(frozen=True)
class Survived:
    """The story after its last day, and what happened to those who lived it."""

    lived: Lived
    installation: Installation
    nemesis: Nemesis
    began_ms: float
    records: Sequence[Read]  # Of all topics.

    def alerts(self) -> Sequence[Read]:
        """In their order, each once."""
        topic = Topics(self.installation.topic_prefix).public("alerts")
        return first_of_each(one for one in self.records if one.topic == topic)


@contextmanager
def last_words_of(installation: Installation) -> Iterator[None]:
    """Whatever fails, the processes may know why."""
    try:
        yield
    except BaseException as problem:
        for process in installation.processes.values():
            problem.add_note(f"-- {process.name}: {process.last_words()}")
        raise


@pytest.fixture(scope="module")
def survived(
    request: pytest.FixtureRequest,
    three_brokers: Brokers,
    calm: Calm,  # Asked for so early that nothing else runs when it must be lived through.
) -> Iterator[Survived]:
    began_ms, began_s = wall_now().timestamp() * 1000, time.monotonic()
    with (
        running_server("15") as server,
        tempfile.TemporaryDirectory() as folder,
        installed(server, three_brokers.bootstrap, Path(folder), clock_start=CLOCK_START) as six,
        last_words_of(six),
    ):
        six.start()
        plan = blows(SEED, TARGETS, KILLS, FIRST_BLOW, LAST_BLOW, spared=[SPARED])
        nemesis = Nemesis(six, three_brokers, plan, ZONE)
        lived = live_through(six, lambda phase: nemesis.during())
        topics = [spec.name for spec in installed_specs(Topics(six.topic_prefix))]
        records = asyncio.run(read_topics(three_brokers.bootstrap, topics))
        note(request.config, f"six processes on Kafka: {time.monotonic() - began_s:.0f} s")
        for name, seconds in sorted(nemesis.away_s.items()):
            each = ", ".join(f"{one:.1f}" for one in seconds)
            note(request.config, f"  {name:13} killed {len(seconds)} times, away {each} s")
        copies = len(records) - len(first_of_each_event(records))
        note(request.config, f"  {len(records)} records, {copies} of them published once more")
        yield Survived(lived, six, nemesis, began_ms, records)
        lived.book.close()
        six.stop()


def first_of_each_event(records: Sequence[Read]) -> Sequence[Read]:
    """An alert is on two topics."""
    topics = sorted({one.topic for one in records})
    return [
        one
        for topic in topics
        for one in first_of_each(one for one in records if one.topic == topic)
    ]


@pytest.fixture(scope="module")
def lived(survived: Survived) -> Lived:
    """In place of the undisturbed story: the tests below are those of the one process."""
    return survived.lived


class TestLedger(on_one_process.TestLedger):
    """Ages the same, holds the same."""


class TestCredit(on_one_process.TestCredit):
    """Knows and scores the same."""


class TestDunning(on_one_process.TestDunning):
    """Did the same, and each thing once."""


class TestAlertsTopic:
    def test_holds_each_alert_and_its_recovery_once(self, survived: Survived) -> None:
        alerts = survived.alerts()

        assert len({one.headers["ce_id"] for one in alerts}) == len(alerts) == 1780
        assert Counter(one.headers["ce_type"] for one in alerts) == {RAISED: 890, RECOVERED: 890}

    def test_holds_them_in_pairs_the_alert_first(self, survived: Survived) -> None:
        events: dict[tuple[str, int], list[tuple[str, str]]] = defaultdict(list)
        for one in survived.alerts():
            item = (one.data["open_item_id"], one.data["threshold_days"])
            events[item].append((one.headers["ce_type"], one.data["alert_id"]))
        alone = {
            item: found
            for item, found in events.items()
            if found != [(RAISED, found[0][1]), (RECOVERED, found[0][1])]
        }

        assert alone == {}
        assert Counter(days for _, days in events) == {1: 877, 30: 13}


class TestTopics:
    def test_have_records_stamped_with_the_wall_clock(self, survived: Survived) -> None:
        now_ms = wall_now().timestamp() * 1000
        wrong = [
            one for one in survived.records if not survived.began_ms <= one.timestamp_ms <= now_ms
        ]

        assert len({one.topic for one in survived.records}) == len(SERVICES) + 1
        assert wrong == []
        assert (
            max(date.fromisoformat(one.headers["ce_effectiveon"]) for one in survived.records)
            <= LAST_DAY
        )


class TestKills:
    def test_hit_every_process_and_a_broker(self, survived: Survived) -> None:
        assert survived.nemesis.struck == dict.fromkeys(TARGETS, KILLS)
        assert {name: one.starts for name, one in survived.installation.processes.items()} == (
            dict.fromkeys(survived.installation.processes, KILLS + 1)
        )

    def test_change_nothing_of_what_happened(self, survived: Survived, calm: Calm) -> None:
        assert survived.lived.outcome.alerts == calm.outcome.alerts
        assert survived.lived.outcome == calm.outcome

    def test_leave_what_a_fresh_fold_gives(self, survived: Survived) -> None:
        survived.installation.verify()
