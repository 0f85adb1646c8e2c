from __future__ import annotations

from collections import Counter

import pytest

from services.cli.client.duebook import Refused
from services.cli.simulation.book import Book
from services.cli.simulation.generator import generate
from services.cli.simulation.simulator import Simulator, Summary
from tests.support.pretend import Pretend

BOOK = generate(seed=3, customers=12, months=6)
SMALL = generate(seed=3, customers=4, months=1)


async def run(pretend: Pretend, book: Book = BOOK) -> Summary:
    done = 0

    def tick(more: int) -> None:
        nonlocal done
        done += more

    async with pretend.client() as duebook:
        summary = await Simulator(duebook, book, tick).run()
    assert done == len(book.actions)
    return summary


class TestRun:
    async def test_asks_for_every_action_once(self) -> None:
        pretend = Pretend()
        summary = await run(pretend)
        paths = Counter(path.split(":")[-1].rsplit("/", 1)[-1] for path, _ in pretend.received)

        assert paths["accounts"] == summary.counts["OpenAccount"] == 12
        assert paths["invoices"] == summary.counts["IssueInvoice"]
        assert paths["payments"] == paths["allocate"] == summary.counts["ReceivePayment"]
        assert paths["reverse"] == summary.counts["ReversePayment"]
        assert paths["set-limit"] == summary.counts["SetLimit"]
        assert paths["contacts"] == summary.counts["RecordContact"]
        assert paths["promises"] == summary.counts["MakePromise"]

    async def test_writes_nothing_the_second_time(self) -> None:
        pretend = Pretend()
        await run(pretend)
        before = len(pretend.received)
        summary = await run(pretend)

        assert len(pretend.received) == before
        assert summary.replayed == before

    async def test_goes_on_where_answers_are_lost(self) -> None:
        pretend = Pretend(loses_answers=True)
        summary = await run(pretend, SMALL)

        assert summary.replayed == len(pretend.received)

    async def test_ends_at_the_first_refusal(self) -> None:
        pretend = Pretend(
            refuses=lambda path, body: (422, "invalid-value", "/x") if "contacts" in path else None
        )
        with pytest.raises(Refused, match="invalid-value"):
            await run(pretend)
