"""Fixtures of the journeys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.platform.embedded.server import temporary_folder
from tests.support.ibm_story import CLOCK_START, Lived, live_through
from tests.support.running import Running


@pytest.fixture(scope="session")
def lived() -> Iterator[Lived]:
    """The IBM story once, undisturbed."""
    with temporary_folder() as folder:
        running = Running(folder, CLOCK_START)
        running.start()
        try:
            story = live_through(running)
            yield story
            story.book.close()
        finally:
            running.stop()
