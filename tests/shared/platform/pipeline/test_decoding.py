"""What is new in a batch, by stream and version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.platform.codec import Codec, UnknownEventType
from shared.platform.log.port import TopicPartition
from shared.platform.subscription.consumer import VersionGap
from shared.platform.subscription.decoding import (
    CHUNK_RECORDS,
    REMEMBERED_MAX,
    EventDecoder,
    Unprocessed,
    unprocessed_of,
)
from tests.support.toy import wallet
from tests.support.toy.records import record

AT: Final = TopicPartition("events", 0)
CODEC: Final = Codec({"toy.wallet.filled.v1": wallet.Filled})


def unprocessed(
    batch: Sequence[tuple[int, int]], processed: Mapping[int, int] | None = None
) -> Unprocessed:
    records = [record(stream, version, n) for n, (stream, version) in enumerate(batch)]
    known = {UUID(int=stream): version for stream, version in (processed or {}).items()}
    return unprocessed_of(EventDecoder(CODEC).decode_all({AT: records}), known)


def versions(found: Unprocessed) -> list[tuple[int, int]]:
    return [(event.stream_id.int, event.version) for event in found.events]


class TestUnprocessedOf:
    def test_gives_what_follows_what_was_seen(self) -> None:
        found = unprocessed([(1, 3), (2, 1), (1, 4)], {1: 2})
        assert versions(found) == [(1, 3), (2, 1), (1, 4)]
        assert found.versions == {UUID(int=1): 4, UUID(int=2): 1}

    def test_drops_what_was_seen_in_the_batch_or_before(self) -> None:
        found = unprocessed([(1, 1), (1, 2), (1, 3), (1, 2), (1, 3)], {1: 1})
        assert versions(found) == [(1, 2), (1, 3)]
        assert found.duplicates == 3

    @pytest.mark.parametrize("batch", [[(1, 2)], [(1, 1), (1, 3)]])
    def test_refuses_a_gap_and_names_it(self, batch: Sequence[tuple[int, int]]) -> None:
        with pytest.raises(VersionGap, match="after version"):
            unprocessed(batch)

    @given(
        st.lists(st.integers(1, 6), max_size=30),
        st.lists(st.integers(0, 29), max_size=20),
    )
    def test_any_repetition_of_what_came_before_changes_nothing(
        self, streams: list[int], repeats: list[int]
    ) -> None:
        once: list[tuple[int, int]] = []
        last: dict[int, int] = {}
        for stream in streams:
            last[stream] = last.get(stream, 0) + 1
            once.append((stream, last[stream]))
        twice = list(once)
        for at in sorted((r for r in repeats if r < len(once)), reverse=True):
            twice.insert(at + 1, once[at])
        assert versions(unprocessed(twice)) == versions(unprocessed(once)) == once


class TestUnprocessedBesideParkedStreams:
    @given(st.lists(st.integers(1, 6), max_size=30), st.sets(st.integers(1, 6)))
    def test_are_as_if_those_were_not_on_the_log(
        self, streams: list[int], parked: set[int]
    ) -> None:
        events = [(stream, streams[: n + 1].count(stream)) for n, stream in enumerate(streams)]
        records = [record(*event, offset) for offset, event in enumerate(events)]
        decoded = EventDecoder(CODEC).decode_all({AT: records})
        found = unprocessed_of(decoded, {}, {UUID(int=stream) for stream in parked})
        assert versions(found) == [event for event in events if event[0] not in parked]
        assert found.versions.keys() == {UUID(int=s) for s in set(streams) - parked}
        assert found.passed_over == {UUID(int=s) for s in set(streams) & parked}
        assert found.duplicates == 0

    def test_find_no_gap_in_a_parked_stream(self) -> None:
        records = [record(1, 9, 0), record(2, 1, 1)]
        decoded = EventDecoder(CODEC).decode_all({AT: records})
        found = unprocessed_of(decoded, {UUID(int=1): 2}, {UUID(int=1)})
        assert versions(found) == [(2, 1)]


class TestEventDecoder:
    def test_counts_types_nobody_subscribes_to_but_gives_no_event(self) -> None:
        records = [record(1, 1, 0, "other.thing.done.v1"), record(1, 2, 1)]
        found = unprocessed_of(EventDecoder(CODEC).decode_all({AT: records}), {})
        assert versions(found) == [(1, 2)]
        assert found.versions == {UUID(int=1): 2}

    def test_refuses_another_version_of_a_type_it_subscribes_to(self) -> None:
        with pytest.raises(UnknownEventType):
            EventDecoder(CODEC).decode(AT, record(1, 1, 0, "toy.wallet.filled.v9"))

    def test_decodes_a_record_once(self) -> None:
        decoder = EventDecoder(CODEC)
        assert decoder.decode(AT, record(1, 1, 0)) is decoder.decode(AT, record(1, 1, 0))

    @given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 200)), max_size=20))
    def test_gives_every_worker_the_events_of_its_records(
        self, batches: list[tuple[int, int]]
    ) -> None:
        decoder = EventDecoder(CODEC)
        for first, length in batches:
            offsets = range(first, first + length)
            decoded = decoder.decode_all({AT: [record(1, n + 1, n) for n in offsets]})
            assert [(one.offset, one.version) for one in decoded] == [(n, n + 1) for n in offsets]

    def test_takes_records_between_which_offsets_are_missing(self) -> None:
        decoder = EventDecoder(CODEC)
        for offsets in ((3, 5, 64, 200, 201), range(3, 9)):
            decoded = decoder.decode_all({AT: [record(1, n, n) for n in offsets]})
            assert [(one.offset, one.version) for one in decoded] == [(n, n) for n in offsets]

    def test_forgets_what_was_decoded_first(self) -> None:
        decoder = EventDecoder(CODEC)
        first = decoder.decode(AT, record(1, 1, 0))
        for chunk in range(1, REMEMBERED_MAX):
            decoder.decode(AT, record(1, 1, chunk * CHUNK_RECORDS))
        assert decoder.decode(AT, record(1, 1, 0)) is first
        decoder.decode(AT, record(1, 1, REMEMBERED_MAX * CHUNK_RECORDS))
        assert decoder.decode(AT, record(1, 1, 0)) is not first
