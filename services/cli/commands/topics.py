"""`duebook topics`: makes the log's topics, or says what is wrong with them. Changes none."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from services.cli.commands.terminal import console
from services.cli.installed import installed_specs
from shared.platform.hosting import preconditions, serving
from shared.platform.hosting.chosen_log import open_log
from shared.platform.hosting.local_server import make_log_database, server_beside
from shared.platform.hosting.settings import PlatformSettings
from shared.platform.log.port import EventLog, TopicSpec
from shared.platform.observability.logs import configure_logs
from shared.platform.service import Topics


def apply_topics(data: Path | None) -> None:
    """Creates what is missing. What is there and differs is named, and nothing is changed."""
    _with_log(data, lambda log, topics: log.create(topics))


def verify_topics(data: Path | None) -> None:
    """Says whether all topics are there, with their partitions and retention."""
    _with_log(data, preconditions.verify_topics)


def _with_log(
    data: Path | None,
    do: Callable[[EventLog, Sequence[TopicSpec]], Coroutine[Any, Any, None]],
) -> None:
    """On a log in Kafka without a database; on one in PostgreSQL beside a system that is up."""
    settings = PlatformSettings(data=data) if data else PlatformSettings()
    configure_logs(settings.log_level)
    topics = installed_specs(Topics(settings.topic_prefix))

    async def main(placed: PlatformSettings) -> None:
        log = open_log(placed)
        try:
            await do(log, topics)
        finally:
            await log.close()

    if settings.kafka is not None:
        serving.run(main(settings))
    else:
        with server_beside(settings, ()) as placed:
            make_log_database(placed)
            serving.run(main(placed))
    for spec in topics:
        kept = "for ever" if spec.retention_ms < 0 else f"{spec.retention_ms} ms"
        console.print(f"{spec.name}: {spec.partitions} partitions, kept {kept}")
