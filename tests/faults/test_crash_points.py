"""The process dies at every failpoint there is, and is started again: every effect happens once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from shared.platform.embedded.server import temporary_folder
from shared.platform.failpoints import KILLED, NAMES, VARIABLE
from tests.support.crashing import ACCOUNTS, DUE_SOON, INVOICES, Outcome, Place
from tests.support.databases import Server
from tests.support.running import duebook

pytestmark = [pytest.mark.faults, pytest.mark.connected, pytest.mark.timeout(180)]

# Not at the first event of all, where nothing could be doubled yet.
LATER: Final = {"relay": 9, "projector": 25, "reactor": 3, "timers": 1, "effect": 2, "adapter": 2}


IMPORT: Final = "import.after_line"  # The one point of another process than the server's.
SERVED: Final = sorted(NAMES - {IMPORT})
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


@pytest.fixture(scope="module")
def calm(server: Server) -> Iterator[Calm]:
    """The story once, told by a process that lives."""
    with temporary_folder() as folder:
        place = Place(server.url_of("postgres"), folder)
        try:
            assert asyncio.run(place.tell("CALM")) == 0
            yield Calm(place, asyncio.run(place.outcome("CALM", 0)))
        finally:
            if place.running.is_alive:
                place.running.stop()
            place.running.log.unlink(missing_ok=True)


class TestCalmStory:
    def test_has_effects_that_could_be_doubled(self, calm: Calm) -> None:
        crossed, outcome = "ledger.invoice.became_overdue.v1", calm.outcome
        assert outcome.count("ledger", "ledger.invoice.issued.v1") == INVOICES
        assert (late := outcome.count("ledger", crossed)) in range(1, DUE_SOON + 1)
        assert outcome.count("dunning", "dunning.overdue_alert.raised.v1") == late
        assert outcome.count("dunning", "dunning.overdue_alert.recovered.v1") == late
        assert outcome.count("credit", "credit.credit_file.opened.v1") == ACCOUNTS
        assert outcome.count("dunning", "dunning.notice.accepted.v1") == outcome.mails
        assert outcome.mails >= ACCOUNTS


class TestCrashAt:
    @pytest.mark.parametrize("point", SERVED)
    def test_loses_and_doubles_nothing(self, calm: Calm, point: str) -> None:
        place, entity = calm.place, f"E{SERVED.index(point)}"
        if place.running.is_alive:
            place.running.stop()
        mails_before = place.mails()

        deaths = asyncio.run(place.tell(entity, armed(point)))

        assert deaths == 1, "the point was not reached"
        assert asyncio.run(place.outcome(entity, mails_before)) == calm.outcome
        assert asyncio.run(place.differences()) == []

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

        assert (once, died, again) == (0, KILLED, 0)
        asyncio.run(place.settle())
        expected = asyncio.run(place.outcome("ONCE", 0))
        assert expected.count("ledger", "ledger.invoice.issued.v1") == LINES
        assert asyncio.run(place.outcome("AGAIN", 0)) == expected
        assert asyncio.run(place.differences()) == []


def import_file(place: Place, file: Path, entity: str, failpoint: str = "") -> int:
    """The exit status."""
    map_file = file.with_name(f"{entity}.toml")
    map_file.write_text(MAP.format(entity=entity))
    arguments = ("import", "ledger", str(file), "--map", str(map_file), "--url", place.running.url)
    return duebook(*arguments, environment={VARIABLE: failpoint}).returncode
