"""A further service costs its folder and one line: what follows from the line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from pydantic_settings import SettingsConfigDict

from services.cli.client.addresses import roots_of
from services.cli.commands.settings import settings_table
from services.cli.installed import MODULES, RUNTIMES, SERVICES, chosen, installed_specs
from shared.platform.hosting import serving
from shared.platform.hosting.local_server import migrate_service, needs_server
from shared.platform.hosting.runtime import ALONE, Runtime
from shared.platform.hosting.settings import DatabaseUnknown, PlatformSettings, ServiceSettings
from shared.platform.log.memory import MemoryLog
from shared.platform.service import Service, Topics, events_spec
from tests.support.toy import wallets

NOWHERE: Final = "postgresql://nobody@localhost:1/nothing"  # Nothing is opened before a start.
VARIABLE: Final = "DUEBOOK_TOY_DATABASE_URL"


class ToySettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="DUEBOOK_TOY_")


def service(settings: ToySettings) -> Service:
    return wallets.service()


RUNTIME: Final = Runtime(
    name="toy",
    settings=ToySettings,
    make=service,
    migrations=Path(wallets.__file__).parent / "migrations",
)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Runtime[Any]:
    """What a service's folder declares, and the line that names it: this module."""
    monkeypatch.setitem(MODULES, "toy", __name__)
    return RUNTIME


@pytest.mark.usefixtures("toy")
class TestFurtherService:
    def test_has_its_topic_made_once_beside_those_of_the_others(self) -> None:
        specs = installed_specs(Topics("here."))

        assert specs.count(events_spec(Topics("here."), "toy")) == 1
        assert [spec.name for spec in specs] == [
            "here.duebook.ledger.events.v1",
            "here.duebook.credit.events.v1",
            "here.duebook.dunning.events.v1",
            "here.duebook.alerts.v1",
            "here.duebook.toy.events.v1",
        ]

    def test_has_its_database_in_the_table_of_settings(self) -> None:
        assert f"| `{VARIABLE}` | - | The database of this service, if elsewhere. |" in (
            settings_table().splitlines()
        )

    def test_is_reached_below_the_one_address(self) -> None:
        assert roots_of("http://127.0.0.1:8080")["toy"] == "http://127.0.0.1:8080/toy"

    def test_is_one_of_all_and_can_be_chosen_alone(self) -> None:
        assert [runtime.name for runtime in chosen(None)] == [*SERVICES, "toy"]
        assert chosen("toy") == [RUNTIME]
        assert "toy" in RUNTIMES
        assert "nothing" not in RUNTIMES

    async def test_is_served_beside_the_others(self) -> None:
        platform = PlatformSettings(database_url=NOWHERE)
        hosts = {name: one.host(platform, MemoryLog()) for name, one in RUNTIMES.items()}
        transport = httpx.ASGITransport(serving.joined(hosts))

        async with httpx.AsyncClient(transport=transport, base_url="http://duebook") as client:
            documents = {name: (await client.get(f"/{name}/openapi.json")).json() for name in hosts}

        assert [*documents] == [*SERVICES, "toy"]
        assert "/v1/wallets" in documents["toy"]["paths"]
        assert documents["toy"]["info"]["title"] == "Duebook toy"


class TestDatabaseUrl:
    def test_is_the_one_named_for_the_service(
        self, toy: Runtime[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(VARIABLE, NOWHERE)
        assert toy.database_url(PlatformSettings(database_url="postgresql://a/b")) == NOWHERE

    def test_is_else_a_database_of_its_name_on_the_server_of_all(self, toy: Runtime[Any]) -> None:
        platform = PlatformSettings(database_url="postgresql://a/b")
        assert toy.database_url(platform) == "postgresql://a/duebook_toy"

    def test_says_what_to_set(self, toy: Runtime[Any]) -> None:
        with pytest.raises(DatabaseUnknown, match=f"DUEBOOK_DATABASE_URL or {VARIABLE}"):
            toy.database_url(PlatformSettings())


class TestNeedsServer:
    def test_until_each_service_and_the_log_are_placed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        services = [*RUNTIMES.values()]
        for name in SERVICES:
            monkeypatch.setenv(f"DUEBOOK_{name.upper()}_DATABASE_URL", "postgresql://a/b")
        assert not needs_server(PlatformSettings(kafka="127.0.0.1:1"), services)
        assert needs_server(PlatformSettings(), services)  # The log is in PostgreSQL.
        assert not needs_server(PlatformSettings(log_database_url="postgresql://a/c"), services)
        monkeypatch.delenv("DUEBOOK_CREDIT_DATABASE_URL")
        assert needs_server(PlatformSettings(kafka="127.0.0.1:1"), services)

    def test_not_for_a_service_that_nobody_asks_about(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DUEBOOK_LEDGER_DATABASE_URL", "postgresql://a/b")
        platform = PlatformSettings(kafka="127.0.0.1:1")
        assert not needs_server(platform, [RUNTIMES["ledger"]])
        assert needs_server(platform, [RUNTIMES["credit"]])


@pytest.mark.connected
async def test_a_further_service_is_migrated_takes_a_command_and_publishes_its_event(
    toy: Runtime[Any], make_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, make_database())
    platform, log, topic = PlatformSettings(), MemoryLog(), Topics().events_of("toy")
    await asyncio.to_thread(migrate_service, platform, toy)
    host = toy.host(platform, log, ALONE)
    await host.start()
    try:
        transport = httpx.ASGITransport(host.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://toy") as client:
            answer = await client.post(
                "/v1/wallets",
                json={
                    "legal_entity": "CN01",
                    "number": "B-1",
                    "account_id": "00000000-0000-4000-8000-00000000000b",
                    "content": {"amount": "10.00", "currency": "CNY"},
                    "opened_on": "2026-01-31",
                },
                headers={"Idempotency-Key": "first"},
            )
        assert answer.status_code == 201, answer.text
        async with asyncio.timeout(10):
            while sum(await log.end_offsets(topic)) != 1:  # noqa: ASYNC110 # The memory log tells nobody.
                await asyncio.sleep(0.01)
        assert await host.verify() == []
    finally:
        await host.stop()
