"""The records that the log gets, whole: key, headers in order, value. One for each origin."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from unittest.mock import patch

import pytest

from shared.kernel.days import start_of_day
from shared.kernel.decider import Folded
from shared.kernel.ids import partition_of
from shared.platform.http.documents import asyncapi
from shared.platform.log.envelope import envelope_of, instant_text
from shared.platform.log.port import LogRecord
from shared.platform.service import Topics
from shared.platform.store import snapshots
from shared.platform.store.folded_codec import FoldedCodec
from tests.contracts.test_documents import HOSTS
from tests.support.committed import committed
from tests.support.golden_story import (
    ACCOUNT,
    CONTACTED_AT,
    INVOICE,
    ITEM,
    TRACE,
    ZONE,
    Published,
    records_of_story,
)

SERVICES: Final = Path(__file__).parents[2] / "services"
ALERTS: Final = Topics().public("alerts")
RAISED: Final = "dunning.overdue_alert.raised.v1"
RECOVERED: Final = "dunning.overdue_alert.recovered.v1"

BY_COMMAND: Final = {"ce_commandid", "ce_commandhash"}
BY_EVENT: Final = {"ce_causationid", "ce_causationpos"}
# What is done at a review happened when it was done: the timer of 08:00 fires a second later.
REVIEWED_AFTER: Final = timedelta(hours=8, seconds=1)
OF_A_REVIEW: Final = {
    "dunning.case.review_started.v1",
    "dunning.case.step_taken.v1",
    "dunning.case.reviewed.v1",
    "dunning.notice.queued.v1",
    "dunning.notice.accepted.v1",
    "dunning.task.opened.v1",
}


class Golden(NamedTuple):
    """Which record of the story stands in which file, and which headers only some have."""

    file: str
    type: str
    is_public: bool
    beside: set[str]


GOLDEN: Final = (
    Golden("by_command", "ledger.invoice.issued.v1", False, {*BY_COMMAND, "traceparent"}),
    Golden("by_timer", "ledger.invoice.days_past_due_reached.v1", False, set()),
    Golden("by_reaction", "credit.credit_file.opened.v1", False, BY_EVENT),
    Golden("by_effect", "dunning.notice.accepted.v1", False, BY_EVENT),
    Golden("of_an_instant", "dunning.contact.recorded.v1", False, BY_COMMAND),
    Golden("on_events", RAISED, False, BY_EVENT),
    Golden("on_alerts", RAISED, True, BY_EVENT),
    Golden("on_events", RECOVERED, False, BY_EVENT),
    Golden("on_alerts", RECOVERED, True, BY_EVENT),
)


def file_of(golden: Golden) -> Path:
    folder = SERVICES / golden.type.partition(".")[0] / "contract/golden/records"
    return folder / f"{golden.type}.{golden.file}.json"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Published]:
    return asyncio.run(records_of_story(tmp_path_factory.mktemp("mail")))


def last(story: Sequence[Published], golden: Golden) -> Published:
    """Of the alerts the one of thirty days: it stands like the example of the contract."""
    return [
        each
        for each in story
        if each.headers["ce_type"] == golden.type and (each.at.topic == ALERTS) == golden.is_public
    ][-1]


def shown(published: Published) -> str:
    """As it is committed. The value is JSON without spaces, so nothing of its bytes is lost."""
    value = json.loads(published.record.value)
    compact = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert compact.encode() == published.record.value
    document = {
        "topic": published.at.topic,
        "partition": published.at.partition,
        "key": published.record.key.decode(),
        "headers": published.headers,  # In their order; no name is there twice.
        "value": value,
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def headers_of(service: str) -> Mapping[str, Any]:
    document = asyncapi(HOSTS[service].service)["components"]["schemas"]["headers"]
    assert isinstance(document, dict)
    return document


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: file_of(golden).stem)
class TestGoldenRecord:
    def test_is_what_is_published(self, story: Sequence[Published], golden: Golden) -> None:
        made = shown(last(story, golden))
        assert committed(file_of(golden), made) == made

    def test_has_the_headers_of_its_origin_and_no_others(
        self, story: Sequence[Published], golden: Golden
    ) -> None:
        names = set(last(story, golden).record.headers)
        assert names == {*headers_of("dunning")["required"], *golden.beside}


def test_every_golden_record_is_published() -> None:
    files = {*SERVICES.glob("*/contract/golden/records/*")}
    assert files == {file_of(golden) for golden in GOLDEN}


async def test_the_story_is_the_same_where_every_state_comes_from_a_snapshot(
    story: Sequence[Published], tmp_path: Path
) -> None:
    decoded: list[str] = []
    decode = FoldedCodec.decode

    def counted(codec: FoldedCodec, data: bytes) -> Folded:
        decoded.append(codec.kind)
        return decode(codec, data)

    with patch.object(FoldedCodec, "decode", counted), patch.object(snapshots, "PAUSE_S", 0.0):
        again = await records_of_story(tmp_path, forgets=True)

    assert again == story
    assert set(decoded) >= {"invoice", "payment", "case", "notice", "credit_file", "overdue_alert"}


class TestEveryRecord:
    def test_happened_when_its_business_day_began(self, story: Sequence[Published]) -> None:
        assert len(story) > 40
        for published in story:
            headers = published.headers
            day = date.fromisoformat(headers["ce_effectiveon"])
            began_at = instant_text(start_of_day(day, ZONE))
            if headers["ce_type"] == "dunning.contact.recorded.v1":
                began_at = instant_text(CONTACTED_AT)
            elif headers["ce_type"] in OF_A_REVIEW:
                began_at = instant_text(start_of_day(day, ZONE) + REVIEWED_AFTER)
            assert headers["ce_time"] == began_at, headers["ce_type"]
            assert headers["ce_time"] <= headers["ce_recordedtime"]

    def test_is_about_its_stream_or_as_an_alert_about_its_open_item(
        self, story: Sequence[Published]
    ) -> None:
        for published in story:
            headers = published.headers
            is_alert = headers["ce_type"] in (RAISED, RECOVERED)
            assert headers["ce_subject"] == (str(ITEM) if is_alert else headers["ce_streamid"])

    def test_lies_where_kafka_would_put_its_key(self, story: Sequence[Published]) -> None:
        for published in story:
            envelope = envelope_of(published.at, LogRecord(0, *published.record))
            assert published.record.key == str(envelope.account_id).encode()
            assert published.at.partition == partition_of(envelope.account_id)
        assert {each.at.partition for each in story[1:]} == {partition_of(ACCOUNT)}

    def test_names_its_cause_where_the_log_has_it(self, story: Sequence[Published]) -> None:
        places: dict[str, str] = {}
        ends: dict[object, int] = {}
        for published in story:
            offset = ends[published.at] = ends.get(published.at, -1) + 1
            places.setdefault(
                published.headers["ce_id"],
                f"{published.at.topic}/{published.at.partition}/{offset}",
            )
            if "ce_causationid" in published.headers:
                cause = published.headers["ce_causationid"]
                assert published.headers["ce_causationpos"] == places[cause]

    def test_is_one_of_all_that_were_written_together(self, story: Sequence[Published]) -> None:
        transactions: dict[str, list[Mapping[str, str]]] = {}
        for published in story:
            if published.at.topic != ALERTS:
                headers = published.headers
                transactions.setdefault(headers["ce_txid"], []).append(headers)
        for transaction in transactions.values():
            assert [int(each["ce_txindex"]) for each in transaction] == [
                *range(1, len(transaction) + 1)
            ]
            assert {each["ce_txcount"] for each in transaction} == {str(len(transaction))}
            assert transaction[0]["ce_id"] == transaction[0]["ce_txid"]


def test_an_alert_is_the_same_record_on_both_topics(story: Sequence[Published]) -> None:
    records_about = [each for each in story if each.headers["ce_type"] in (RAISED, RECOVERED)]
    own = [each.record for each in records_about if each.at.topic != ALERTS]
    public = [each.record for each in story if each.at.topic == ALERTS]
    assert public == own
    assert len(public) == 4


def test_what_follows_from_a_request_is_found_by_its_trace(story: Sequence[Published]) -> None:
    issued = next(each.headers for each in story if each.headers["ce_streamid"] == str(INVOICE))
    assert issued["traceparent"] == TRACE
    assert issued["ce_correlationid"].replace("-", "") == TRACE.split("-")[1]


@pytest.mark.parametrize("service", HOSTS)
def test_asyncapi_requires_what_every_record_has_and_names_what_any_has(
    story: Sequence[Published], service: str
) -> None:
    documented = headers_of(service)
    everywhere = [
        name
        for name in story[0].record.headers
        if all(name in published.headers for published in story)
    ]
    assert documented["required"] == everywhere
    assert set(documented["properties"]) == {name for each in story for name in each.headers}
