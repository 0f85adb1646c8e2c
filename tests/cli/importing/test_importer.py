from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.cli.client.clocks import ClockNotManual
from services.cli.client.keyed_requests import key_of
from services.cli.importing.importer import Importer, Summary
from services.cli.importing.ledger_file import Line, Refusal
from services.cli.importing.ledger_map import (
    Columns,
    LedgerMap,
    LegalEntity,
    MapRefused,
    Terms,
)
from shared.kernel.money import Money
from tests.support.pretend import Pretend

ENTITY = LegalEntity(code="CN01", name="一", time_zone="Asia/Shanghai", currency="CNY")
MAP = LedgerMap(
    date_format="YYYY-MM-DD",
    legal_entity=ENTITY,
    columns=Columns(account="a", number="n", issued_on="i", amount="m"),
    terms=Terms(net_days=30),
)
DAYS = (date(2012, 1, 1), date(2012, 3, 1))


def line(
    number: int, account: str, issued_on: date, settled_on: date | None = None, cents: int = 500
) -> Line:
    return Line(
        line=number,
        account=account,
        account_name="",
        number=f"I{number}",
        amount=Money(cents, "CNY"),
        issued_on=issued_on,
        due_on=None,
        settled_on=settled_on,
    )


LINES = (
    line(2, "A", date(2012, 1, 9), date(2012, 2, 1)),
    line(3, "B", date(2012, 1, 3), date(2012, 1, 9)),
    line(4, "A", date(2012, 1, 9)),
)


async def run(pretend: Pretend, lines: tuple[Line, ...] = LINES) -> Summary:
    async with pretend.client() as duebook:
        return await Importer(duebook, MAP, lambda: None).run(lines)


async def drive(pretend: Pretend, lines: tuple[Line, ...] = LINES) -> Summary:
    async with pretend.client() as duebook:
        return await Importer(duebook, MAP, lambda: None).drive(lines, *DAYS)


class TestRun:
    async def test_enters_accounts_then_invoices_with_their_settlements(self) -> None:
        pretend = Pretend()
        summary = await run(pretend)
        kinds = [path.split("/")[2].split(":")[0] for path, _ in pretend.received]

        assert kinds == ["legal-entities", "accounts", "accounts", *["invoices"] * 3]
        assert dict(summary.counts) == {"accounts": 2, "invoices": 3, "payments": 2}
        assert summary.refused == 0

    async def test_says_what_the_file_says(self) -> None:
        pretend = Pretend()
        await run(pretend, LINES[:1])

        assert pretend.commands("/invoices") == [
            {
                "account": {"legal_entity": "CN01", "number": "A"},
                "number": "I2",
                "issued_on": "2012-01-09",
                "total": {"amount": "5.00", "currency": "CNY"},
                "terms": {"anchor": "invoice", "add_days": 30},
                "settlements": [
                    {
                        "payment_number": "I2",
                        "value_on": "2012-02-01",
                        "amount": {"amount": "5.00", "currency": "CNY"},
                        "method": "transfer",
                    }
                ],
            }
        ]

    async def test_says_no_settlement_of_what_is_open(self) -> None:
        pretend = Pretend()
        await run(pretend, LINES[2:])

        assert "settlements" not in pretend.commands("/invoices")[0]

    async def test_writes_nothing_the_second_time(self) -> None:
        pretend = Pretend()
        await run(pretend)
        before = len(pretend.received)
        summary = await run(pretend)

        assert len(pretend.received) == before
        assert summary.counts["invoices already there"] == 3
        assert summary.refused == 0

    async def test_repeats_with_the_same_key_when_answers_are_lost(self) -> None:
        pretend = Pretend(loses_answers=True)
        summary = await run(pretend)

        assert summary.refused == 0
        assert len(pretend.commands("/invoices")) == 3

    async def test_reports_what_the_ledger_refuses_and_goes_on(self) -> None:
        def refuses(path: str, body: Mapping[str, Any]) -> tuple[int, str, str] | None:
            if path == "/ledger/invoices" and body["number"] == "I2":
                return 409, "number-already-used", "/number"
            return None

        pretend = Pretend(refuses=refuses)
        summary = await run(pretend)

        assert summary.refusals == [Refusal(2, "number", "number-already-used")]
        assert {body["number"] for body in pretend.commands("/invoices")} == {"I3", "I4"}

    @pytest.mark.parametrize(
        ("pointer", "column"),
        [
            ("/settlements/0/value_on", "settled_on"),
            ("/settlements/0/payment_number", "number"),
            ("/settlements/0/amount/amount", "amount"),
            ("/settlements/0/amount/currency", "currency"),
        ],
    )
    async def test_names_the_column_of_a_settlement_that_is_refused(
        self, pointer: str, column: str
    ) -> None:
        def refuses(path: str, body: Mapping[str, Any]) -> tuple[int, str, str] | None:
            return (422, "some-rule", pointer) if "settlements" in body else None

        summary = await run(Pretend(refuses=refuses))

        assert sorted(summary.refusals) == [
            Refusal(2, column, "some-rule"),
            Refusal(3, column, "some-rule"),
        ]
        assert dict(summary.counts) == {"accounts": 2, "invoices": 1}

    async def test_refuses_every_line_of_an_account_that_cannot_be_opened(self) -> None:
        def refuses(path: str, body: Mapping[str, Any]) -> tuple[int, str, str] | None:
            wrong = path == "/ledger/accounts" and body["number"] == "A"
            return (422, "invalid-value", "/number") if wrong else None

        summary = await run(Pretend(refuses=refuses))

        assert [refusal[:3] for refusal in summary.refusals] == [
            (2, "account", "invalid-value"),
            (4, "account", "invalid-value"),
        ]

    async def test_goes_on_with_an_account_that_somebody_else_opened(self) -> None:
        def refuses(path: str, body: Mapping[str, Any]) -> tuple[int, str, str] | None:
            return (409, "number-already-used", "/number") if path == "/ledger/accounts" else None

        summary = await run(Pretend(refuses=refuses))

        assert summary.counts["invoices"] == 3

    async def test_refuses_to_go_into_an_entity_of_another_zone(self) -> None:
        pretend = Pretend(entities={"CN01": {"time_zone": "Europe/Berlin", "currency": "CNY"}})
        with pytest.raises(MapRefused, match="Europe/Berlin"):
            await run(pretend)


class TestTakeOver:
    """It is 1 January 2011 at Greenwich, 08:00 in Shanghai, for all services."""

    @staticmethod
    async def taken_over_on(
        pretend: Pretend, *, asked: date | None = None, mapped: date | None = None
    ) -> Any:
        entity = ENTITY.model_copy(update={"take_over_on": mapped})
        ledger_map = MAP.model_copy(update={"legal_entity": entity})
        async with pretend.client() as duebook:
            importer = Importer(duebook, ledger_map, lambda: None, take_over_on=asked)
            await importer.run(LINES)
        return pretend.commands("/legal-entities")[0]["take_over_on"]

    @pytest.mark.parametrize(
        ("hour", "day"), [(15, "2012-12-31"), (16, "2013-01-01"), (23, "2013-01-01")]
    )
    async def test_is_the_day_of_the_import_in_the_zone_of_the_entity(
        self, hour: int, day: str
    ) -> None:
        pretend = Pretend(is_manual=False)
        pretend.now["ledger"] = datetime(2012, 12, 31, hour, tzinfo=UTC)

        assert await self.taken_over_on(pretend) == day

    async def test_is_the_day_that_is_told_before_the_maps(self) -> None:
        mapped, asked = date(2012, 7, 1), date(2012, 8, 1)

        assert await self.taken_over_on(Pretend(), mapped=mapped) == "2012-07-01"
        assert await self.taken_over_on(Pretend(), mapped=mapped, asked=asked) == "2012-08-01"

    async def test_is_the_first_day_of_a_driven_story(self) -> None:
        pretend = Pretend()
        await drive(pretend)

        assert pretend.commands("/legal-entities")[0]["take_over_on"] == "2012-01-01"

    async def test_stays_as_it_is_on_another_day(self) -> None:
        """The import is started again tomorrow."""
        pretend = Pretend()
        first = await run(pretend)
        pretend.now["ledger"] = datetime(2011, 6, 1, tzinfo=UTC)
        again = await run(pretend)
        pretend.entities.clear()  # The read model is behind.
        behind = await run(pretend)

        assert [summary.refused for summary in (first, again, behind)] == [0, 0, 0]
        assert [summary.notes for summary in (first, again, behind)] == [[], [], []]
        assert len(pretend.commands("/legal-entities")) == 1

    @pytest.mark.parametrize(
        ("found", "asked", "note"),
        [
            (None, None, "CN01 has no take-over date: all that is overdue is acted on"),
            (None, date(2012, 1, 1), "CN01 has no take-over date: all that is overdue is acted on"),
            ("2012-02-02", date(2012, 1, 1), "CN01 keeps its take-over date, 2012-02-02"),
            ("2012-01-01", date(2012, 1, 1), None),
            ("2012-02-02", None, None),
        ],
    )
    async def test_of_an_entity_that_was_registered_is_told_when_in_doubt(
        self, found: str | None, asked: date | None, note: str | None
    ) -> None:
        known = {"time_zone": "Asia/Shanghai", "currency": "CNY", "take_over_on": found}
        pretend = Pretend(entities={"CN01": known})
        async with pretend.client() as duebook:
            importer = Importer(duebook, MAP, lambda: None, take_over_on=asked)
            summary = await importer.run(LINES)

        assert summary.notes == ([] if note is None else [note])
        assert pretend.commands("/legal-entities") == []


class TestDrive:
    async def test_lets_payments_come_on_their_days(self) -> None:
        pretend = Pretend()
        await drive(pretend)

        assert [body["number"] for body in pretend.commands("/payments")] == ["I3", "I2"]
        assert all("settlements" not in body for body in pretend.commands("/invoices"))

    async def test_goes_on_from_a_later_day_with_the_same_requests(self) -> None:
        """Whatever day it is started from: what was said under a key is said again."""
        pretend = Pretend()
        await drive(pretend)
        before = len(pretend.received)
        async with pretend.client() as duebook:
            later = Importer(duebook, MAP, lambda: None)
            summary = await later.drive(LINES, date(2012, 2, 20), date(2012, 3, 31))

        assert (summary.refused, len(pretend.received)) == (0, before)
        assert summary.counts["invoices already there"] == 3

    async def test_lets_every_day_begin_before_what_happens_on_it(self) -> None:
        pretend = Pretend()
        await drive(pretend)

        begins = [now for service, now in pretend.clock_moves if service == "ledger"]
        assert begins == [
            datetime(2011, 12, 31, 16, tzinfo=UTC),
            datetime(2012, 1, 2, 16, tzinfo=UTC),
            datetime(2012, 1, 8, 16, tzinfo=UTC),
            datetime(2012, 1, 31, 16, tzinfo=UTC),
            datetime(2012, 2, 29, 16, tzinfo=UTC),
        ]
        numbers = [body["number"] for path, body in pretend.received if "number" in body]
        assert numbers[:2] == ["B", "I3"]
        assert {*numbers[2:6]} == {"A", "I2", "I4", "I3"}
        assert numbers.index("A") < numbers.index("I2") < numbers.index("I4")

    async def test_does_not_turn_back_a_clock_that_is_beyond(self) -> None:
        pretend = Pretend()
        await drive(pretend)
        moves = len(pretend.clock_moves)
        await drive(pretend)

        assert len(pretend.clock_moves) == moves

    async def test_moves_only_the_clocks_that_stand_behind(self) -> None:
        pretend = Pretend()
        pretend.now["ledger"] = datetime(2012, 2, 29, 16, tzinfo=UTC)
        await drive(pretend)

        assert {service for service, _ in pretend.clock_moves} == {"credit", "dunning"}

    async def test_refuses_what_is_later_than_the_last_day(self) -> None:
        late = line(5, "A", date(2012, 3, 2))
        half = line(6, "A", date(2012, 2, 1), date(2012, 3, 2))
        pretend = Pretend()
        summary = await drive(pretend, (late, half))

        assert summary.refusals == [Refusal(5, "issued_on", "after-the-last-day")]
        assert pretend.commands("/payments") == []
        assert summary.counts["settlements after the last day"] == 1

    async def test_enters_on_the_first_day_what_is_older(self) -> None:
        pretend = Pretend()
        await drive(pretend, (line(2, "A", date(2011, 1, 1)),))

        assert pretend.commands("/invoices")[0]["issued_on"] == "2011-01-01"

    async def test_refuses_a_clock_that_cannot_be_driven(self) -> None:
        with pytest.raises(ClockNotManual):
            await drive(Pretend(is_manual=False))


class TestKeyOf:
    def test_is_readable(self) -> None:
        assert key_of("CN01", "invoice", "2026/0117") == "CN01/invoice/2026/0117"

    def test_is_ascii_and_short_whatever_the_number(self) -> None:
        keys = {key_of("CN01", "invoice", number) for number in ("发票一", "发票二", "x" * 300)}

        assert len(keys) == 3
        assert all(key.isascii() and len(key) <= 200 for key in keys)
