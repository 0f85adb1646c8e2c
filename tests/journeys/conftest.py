"""Fixtures of the journeys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.calm import Calm, calm_story, living
from tests.support.ibm_story import Lived


@pytest.fixture(scope="session")
def lived() -> Iterator[Lived]:
    """The IBM story once, undisturbed."""
    with living() as story:
        yield story


@pytest.fixture(scope="session")
def calm() -> Calm:
    """What the undisturbed story came to."""
    return calm_story()
