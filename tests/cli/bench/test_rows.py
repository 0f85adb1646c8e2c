"""Which rows a bench has, and what is asked for in them. Nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from services.cli.bench.http_load import Load
from services.cli.bench.plan import AGING, ALLOCATE, APART, ECHO, ISSUE, REQUESTS, Plan
from services.cli.bench.rows import Server, rows_of
from services.cli.client.duebook import Duebook

URL = "http://localhost:1"
TODAY = date(2026, 3, 14)


def names_of(only: str | None) -> Sequence[str]:
    plan = Plan(1.0, 1, 1, only)
    together, apart = (Server(Duebook(URL), Load(URL), works=works) for works in (True, False))
    is_apart = plan.wants(APART, ALLOCATE)
    return [row.name for row in rows_of(plan, together, apart if is_apart else None, TODAY)]


class TestRows:
    def test_are_all_where_none_is_named(self) -> None:
        assert names_of(None) == [ECHO, ISSUE, APART, ALLOCATE, AGING]

    @pytest.mark.parametrize("only", REQUESTS)
    def test_are_the_echo_and_the_one_that_is_named(self, only: str) -> None:
        assert names_of(only) == [ECHO, REQUESTS[only]]

    async def test_ask_for_another_invoice_each_time(self) -> None:
        server = Server(Duebook(URL), Load(URL), works=True)
        echo, issue = rows_of(Plan(1.0, 1, 1, "issue"), server, None, TODAY)
        for row in (echo, issue):
            question = await row.question(1.0)
            assert question(1) != question(2)
            assert b'"number":"B-2"' in question(2)
