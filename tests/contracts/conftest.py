"""Fixtures of the contracts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.cli.installed import installed_specs
from shared.platform.log.kafka import KafkaLog
from shared.platform.service import Topics
from tests.support.own_topics import OwnTopics


@pytest.fixture
async def log(any_broker: str) -> AsyncIterator[OwnTopics]:
    log = OwnTopics(KafkaLog(any_broker))
    await log.create(installed_specs(Topics()))
    yield log
    await log.close()
