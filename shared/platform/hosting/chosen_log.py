"""Chooses the log by the settings: Apache Kafka where brokers are named, else PostgreSQL."""

from __future__ import annotations

from shared.platform.hosting.settings import PlatformSettings
from shared.platform.log.port import EventLog
from shared.platform.log.postgres import PostgresLog


def open_log(settings: PlatformSettings, client: str = "duebook") -> EventLog:
    """Opens the log; it connects at its first use. `client` names us in the brokers' logs."""
    if settings.kafka is None:
        return PostgresLog(settings.log_url)
    from shared.platform.log.kafka import KafkaLog  # The embedded mode does without its client.

    return KafkaLog(settings.kafka, replicas=settings.kafka_replicas, client=client)
