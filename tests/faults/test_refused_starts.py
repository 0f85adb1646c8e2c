"""A process that was started on what is not its own says so in one line, and ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from typing import Final

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from services.cli.installed import installed_specs
from shared.platform.service import Topics
from tests.support.databases import Server
from tests.support.installation import Installation, installed
from tests.support.running import duebook, free_port

pytestmark = [pytest.mark.faults, pytest.mark.connected, pytest.mark.timeout(120)]

REFUSED_S_MAX: Final = 20.0  # the start of Python included, on a busy machine
PARTITIONS: Final = 3
RETENTION_MS: Final = 86_400_000


@pytest.fixture(scope="module")
def place(
    server: Server, any_broker: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    with installed(server, any_broker, tmp_path_factory.mktemp("refused")) as installation:
        yield installation


async def make_topics(bootstrap: str, prefix: str, wrong: str, **shape: int) -> None:
    """As somebody's own script might: one of them otherwise than we need it."""
    topics = []
    for spec in installed_specs(Topics(prefix)):
        is_wrong = spec.name.endswith(wrong)
        partitions = shape.get("partitions", spec.partitions) if is_wrong else spec.partitions
        kept_ms = shape.get("retention_ms", spec.retention_ms) if is_wrong else spec.retention_ms
        configs = {"retention.ms": str(kept_ms)}
        topics.append(NewTopic(spec.name, partitions, 1, topic_configs=configs))
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        answer = await admin.create_topics(topics)
        assert {error[1] for error in answer.topic_errors} == {0}
    finally:
        await admin.close()


def refused(place: Installation, role: str, **environment: str) -> str:
    """The one line that it said."""
    started_s = time.monotonic()
    done = duebook(
        *(role, "credit", "--port", str(free_port())),
        timeout_s=REFUSED_S_MAX,
        environment={**place.environment, **environment},
    )
    assert time.monotonic() - started_s < REFUSED_S_MAX
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.mark.parametrize("role", ["serve", "work"])
class TestStart:
    @pytest.mark.parametrize(
        ("shape", "said"),
        [
            ({"partitions": PARTITIONS}, ("3", "12")),
            ({"retention_ms": RETENTION_MS}, (str(RETENTION_MS), "-1")),
        ],
        ids=["partitions", "retention"],
    )
    def test_on_topics_of_another_shape_names_topic_and_both_numbers(
        self, place: Installation, role: str, shape: Mapping[str, int], said: tuple[str, str]
    ) -> None:
        prefix = f"{place.topic_prefix}{role}.{'-'.join(shape).replace('_', '-')}."
        name = "duebook.credit.events.v1"
        asyncio.run(make_topics(place.environment["DUEBOOK_KAFKA"], prefix, name, **shape))
        line = refused(place, role, DUEBOOK_TOPIC_PREFIX=prefix)
        assert f"{prefix}{name}" in line
        rest = line.replace(prefix, "").replace(name, "")
        assert all(number in rest for number in said), line

    def test_without_topics_names_one_and_how_to_make_them(
        self, place: Installation, role: str
    ) -> None:
        line = refused(place, role, DUEBOOK_TOPIC_PREFIX="nobody-made.")
        assert "nobody-made.duebook.ledger.events.v1" in line
        assert "duebook topics apply" in line

    def test_without_migration_says_what_to_run(
        self, place: Installation, server: Server, role: str
    ) -> None:
        database = server.create()
        try:
            line = refused(place, role, DUEBOOK_CREDIT_DATABASE_URL=server.url_of(database))
        finally:
            server.drop(database)
        assert "duebook migrate credit" in line
