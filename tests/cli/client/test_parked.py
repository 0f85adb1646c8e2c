from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import httpx
import pytest
from typer.testing import CliRunner

from services.cli.client.duebook import Duebook
from services.cli.client.parked import parked_streams, retry
from services.cli.commands import parked as commands
from services.cli.main import app

ONE: Final = UUID(int=1)
TWO: Final = UUID(int=2)


def item(stream: UUID, worker: str = "reactions") -> dict[str, Any]:
    return {
        "worker": worker,
        "topic": "duebook.ledger.events.v1",
        "partition": 3,
        "stream_id": str(stream),
        "first_offset": 17,
        "error": "ZeroDivisionError: by zero",
        "parked_at": "2026-03-14T09:26:53Z",
        "retry_wanted": False,
    }


@dataclass
class Services:
    """Three services; those named pass over these streams."""

    parked: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    retried: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        service, path = request.url.path.removeprefix("/").split("/", 1)
        found = self.parked.get(service, [])
        if request.method == "POST":
            stream = path.removeprefix("parked/").removesuffix(":retry")
            self.retried.append((service, stream))
            found = [{**one, "retry_wanted": True} for one in found if one["stream_id"] == stream]
        else:
            assert path == "parked"
        return httpx.Response(200, json={"items": found})

    def client(self, url: str = "http://pretend") -> Duebook:
        return Duebook(url, transport=httpx.MockTransport(self.answer))

    def streams_retried(self) -> Sequence[str]:
        return sorted({stream for _, stream in self.retried})


class TestParkedStreams:
    async def test_are_those_of_all_services(self) -> None:
        services = Services({"credit": [item(ONE)], "dunning": [item(TWO, "effect:x")]})
        async with services.client() as duebook:
            found = await parked_streams(duebook)
        assert [(one.service, one.worker, one.stream_id) for one in found] == [
            ("credit", "reactions", ONE),
            ("dunning", "effect:x", TWO),
        ]
        assert found[0].place == "duebook.ledger.events.v1/3/17"

    async def test_are_none_where_nothing_is_parked(self) -> None:
        async with Services().client() as duebook:
            assert await parked_streams(duebook) == []


class TestRetry:
    async def test_asks_for_the_stream_that_is_named(self) -> None:
        services = Services({"credit": [item(ONE), item(TWO)]})
        async with services.client() as duebook:
            found = await retry(duebook, TWO)
        assert [one.stream_id for one in found] == [TWO]
        assert services.streams_retried() == [str(TWO)]

    async def test_asks_for_all_once_though_two_workers_pass_one_over(self) -> None:
        services = Services({"credit": [item(ONE)], "dunning": [item(ONE), item(TWO)]})
        async with services.client() as duebook:
            found = await retry(duebook, None)
        assert [(one.service, one.stream_id) for one in found] == [
            ("credit", ONE),
            ("dunning", ONE),
            ("dunning", TWO),
        ]
        assert len(services.retried) == 6  # Two streams, three services.


class TestCommands:
    @pytest.fixture
    def services(self, monkeypatch: pytest.MonkeyPatch) -> Services:
        services = Services({"dunning": [item(ONE)]})
        monkeypatch.setattr(commands, "Duebook", services.client)
        return services

    def test_list_names_each_with_its_reason(self, services: Services) -> None:
        ended = CliRunner().invoke(app, ["parked", "list"])
        assert (ended.exit_code, ended.stdout.splitlines()) == (
            0,
            [
                f"dunning reactions duebook.ledger.events.v1/3/17: stream {ONE}"
                " since 2026-03-14T09:26:53Z: ZeroDivisionError: by zero"
            ],
        )

    def test_list_says_so_where_nothing_is_parked(self, services: Services) -> None:
        services.parked.clear()
        ended = CliRunner().invoke(app, ["parked", "list"])
        assert (ended.exit_code, ended.stdout, ended.stderr) == (0, "", "nothing is parked\n")

    def test_retry_says_what_it_asked_for(self, services: Services) -> None:
        ended = CliRunner().invoke(app, ["parked", "retry", str(ONE)])
        assert ended.exit_code == 0
        assert str(ONE) in ended.stdout
        assert services.streams_retried() == [str(ONE)]

    def test_retry_of_what_is_not_parked_fails(self, services: Services) -> None:
        assert CliRunner().invoke(app, ["parked", "retry", str(TWO)]).exit_code == 1
        assert CliRunner().invoke(app, ["parked", "retry"]).exit_code == 0
