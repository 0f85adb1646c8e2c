"""The same thing is said once in a while, and what is another thing at once."""

from __future__ import annotations

import logging

import pytest
import structlog

from shared.platform.observability import throttled_log
from shared.platform.observability.throttled_log import ThrottledHandler, ThrottledLog
from tests.support.log_capture import LogCapture


class Watch:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(throttled_log, "monotonic_s", watch)
    return watch


class TestThrottledLog:
    def test_says_the_same_once_a_minute_and_how_often_it_was_kept_back(self, watch: Watch) -> None:
        log = ThrottledLog("test")
        with structlog.testing.capture_logs() as lines:
            for _ in range(240):  # A minute of a loop that tries four times a second.
                log.warning("append failed", {"took_ms": watch.now_s}, problem="LogUnavailable")
                watch.now_s += 0.25
            log.warning("append failed", {"took_ms": watch.now_s}, problem="LogUnavailable")
        assert [line["event"] for line in lines] == ["append failed"] * 2
        assert [line.get("kept_back") for line in lines] == [None, 239]
        assert lines[0]["took_ms"] == 1_000.0

    def test_says_another_event_and_other_facts_at_once(self, watch: Watch) -> None:
        log = ThrottledLog("test")
        with structlog.testing.capture_logs() as lines:
            for worker in ("aging", "invoices", "aging"):
                log.warning("batch repeated", worker=worker)
            log.info("effect waits")
            log.error("worker failed", ValueError("a"))
            log.error("worker failed", KeyError("b"))
            log.error("worker failed", ValueError("c"))
        said = [(line["log_level"], line.get("worker") or line.get("problem")) for line in lines]
        assert said == [
            ("warning", "aging"),
            ("warning", "invoices"),
            ("info", None),
            ("error", "ValueError"),
            ("error", "KeyError"),
        ]

    def test_does_not_remember_without_end(
        self, watch: Watch, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(throttled_log, "THINGS_MAX", 10)
        log = ThrottledLog("test")
        with structlog.testing.capture_logs() as lines:
            for number in range(25):
                log.warning("refused", number=number)
            log.warning("refused", number=0)
        assert len(lines) == 26


class TestThrottled:
    def test_passes_the_same_line_of_code_on_once(self) -> None:
        onward, library, captured = (
            logging.Logger("onward"),
            logging.Logger("library"),
            LogCapture(),
        )
        onward.addHandler(captured)
        library.addHandler(ThrottledHandler(onward))
        for number in range(3):
            library.warning("away %d", number)
        library.warning("back")
        assert captured.lines == ["away 0", "back"]
