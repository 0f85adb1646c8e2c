"""What one use case may write at most, and what becomes of more."""

from __future__ import annotations

import pytest

from shared.kernel.decider import TooMuchAtOnce
from shared.platform.store import batch as module
from shared.platform.store.batch import Batch, Loaded
from tests.support.toy import wallet
from tests.support.toy.wallet import ACCOUNT, CODEC, FIRST_ID, NOW, caller

NAME = wallet.stream("a")
OPENED = wallet.Opened(ACCOUNT, NOW)


@pytest.fixture
def batch() -> Batch:
    return Batch(Loaded({}, {}, {}, {}), CODEC, wallet.topics_of, FIRST_ID)


def test_an_event_that_no_log_takes_is_refused_with_its_name(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = len(CODEC.encode(OPENED)[1])
    monkeypatch.setattr(module, "EVENT_BYTES_MAX", most)
    larger = wallet.Opened(ACCOUNT, NOW, coins=10)

    refused = batch.run(wallet.write(NAME, larger), caller())
    assert isinstance(refused, TooMuchAtOnce)
    assert str(refused) == f"toy.wallet.opened.v1: {most + 1} of at most {most} bytes"
    assert batch.is_empty


def test_the_largest_event_is_taken(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVENT_BYTES_MAX", len(CODEC.encode(OPENED)[1]))

    assert not isinstance(batch.run(wallet.write(NAME, OPENED), caller()), Exception)
    assert not batch.is_empty
