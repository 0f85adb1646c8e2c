"""Fixtures of all tests: PostgreSQL and Kafka when they are asked for, and databases."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Final

import pytest
import structlog
from hypothesis import settings

from shared.platform.database.pools import Database
from shared.platform.store.schema import platform_statements, private_table
from tests.support.answering import answers_looked_at
from tests.support.brokers import OWN_BROKER, Brokers, missing, running_brokers
from tests.support.databases import Server, running_server
from tests.support.run_notes import notes
from tests.support.served import templates
from tests.support.toy import wallets

# How long an example takes is the machine's business: a busy one fails no law.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

NO_BROKERS: Final = pytest.StashKey[str]()

# structlog's own renderer shows all locals of a traceback: on a busy machine that holds up the
# event loop for seconds, and whoever waits for a worker to halt waits in vain.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)


@pytest.fixture(autouse=True)
def every_answer_is_as_documented() -> Iterator[None]:
    """In whatever test a service answers, the answer is what its OpenAPI document says."""
    with answers_looked_at() as answers:
        yield
    assert answers.misfits == []


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running_server() as running:
        yield running


@pytest.fixture(scope="session")
def platform_template(server: Server) -> str:
    """A database with the platform's tables and nothing in them, to be copied."""
    return server.create([*platform_statements(), *private_table("party"), *private_table("note")])


@pytest.fixture(scope="session")
def toy_template(server: Server, platform_template: str) -> str:
    """A database with the tables of the toy service, to be copied."""
    return server.create(wallets.STATEMENTS, template=platform_template)


@pytest.fixture(scope="session")
def service_templates(server: Server) -> Mapping[str, str]:
    """For each service a database as its migrations leave it, to be copied."""
    return templates(server)


@pytest.fixture
def make_database(server: Server) -> Iterator[Callable[..., str]]:
    """Makes databases for one test: (statements, template="…") -> URL. Dropped afterwards."""
    made: list[str] = []

    def make(statements: Sequence[str] = (), *, template: str = "template1") -> str:
        made.append(server.create(statements, template=template))
        return server.url_of(made[-1])

    yield make
    for name in made:
        server.drop(name)


@pytest.fixture
async def platform_database(
    make_database: Callable[..., str], platform_template: str
) -> AsyncIterator[Database]:
    """A fresh database with the platform's tables, seen as the application role."""
    database = Database(make_database(template=platform_template))
    yield database
    await database.close()


@pytest.fixture(scope="session")
def one_broker(request: pytest.FixtureRequest) -> Iterator[Brokers]:
    """Tests may kill it; whoever does restarts it."""
    _need_brokers(request.config)
    with running_brokers(1) as brokers:
        yield brokers


@pytest.fixture(scope="session")
def three_brokers(request: pytest.FixtureRequest) -> Iterator[Brokers]:
    """Tests may kill one of them; whoever does restarts it."""
    _need_brokers(request.config)
    with running_brokers(3) as brokers:
        yield brokers


@pytest.fixture(scope="session")
def any_broker(request: pytest.FixtureRequest) -> str:
    """The address of one broker, perhaps not ours, which nobody may kill."""
    if own := os.environ.get(OWN_BROKER):
        return own
    brokers: Brokers = request.getfixturevalue("one_broker")
    return brokers.bootstrap


def _need_brokers(config: pytest.Config) -> None:
    reason = missing()
    if reason is None:
        return
    if os.environ.get("CI") == "true" and OWN_BROKER not in os.environ:
        pytest.fail(f"No Kafka broker: {reason}. With CI=true this is no reason to skip.")
    config.stash[NO_BROKERS] = reason
    pytest.skip(f"no Kafka broker: {reason}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in notes(terminalreporter.config):
        terminalreporter.write_line(line)
    reason = terminalreporter.config.stash.get(NO_BROKERS, None)
    if reason is not None:
        terminalreporter.write_sep(
            "!", f"KAFKA WAS NOT TESTED: {reason} (see deploy/kafka/README.md)", red=True, bold=True
        )
