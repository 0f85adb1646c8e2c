from __future__ import annotations

import json
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.ids import PARTITIONS, derived, murmur2, partition_of, stream_id

TENANT = UUID(int=1)


class TestMurmur2:
    # Known answers of Apache Kafka, clients/src/test/java/org/apache/kafka/common/utils/UtilsTest.
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("21", -973932308),
            ("foobar", -790332482),
            ("a-little-bit-long-string", -985981536),
            ("a-little-bit-longer-string", -1486304829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
            ("abc", 479470107),
        ],
    )
    def test_agrees_with_kafka(self, text: str, expected: int) -> None:
        assert murmur2(text.encode()) == expected & 0xFFFFFFFF


class TestStreamId:
    def test_is_one_for_two_spellings_that_look_alike(self) -> None:
        assert stream_id(TENANT, "CN01", "invoice", "A\u0301") == stream_id(
            TENANT, "CN01", "invoice", "\u00c1"
        )
        assert stream_id(TENANT, "CN01", "invoice", "\uff21\uff0d\uff17") == stream_id(
            TENANT, "CN01", "invoice", "A-7"
        )

    def test_keeps_tenant_entity_kind_and_number_apart(self) -> None:
        ids = {
            stream_id(TENANT, "CN01", "invoice", "1"),
            stream_id(UUID(int=2), "CN01", "invoice", "1"),
            stream_id(TENANT, "CN02", "invoice", "1"),
            stream_id(TENANT, "CN01", "payment", "1"),
            stream_id(TENANT, "CN01", "invoice", "1", ""),
            stream_id(TENANT, "CN01", "invoice", '1","'),
        }

        assert len(ids) == 6

    def test_never_changes(self) -> None:
        assert str(stream_id(TENANT, "CN01", "invoice", "2026-0131")) == (
            "fde7549e-394e-529b-ad17-7543db2ff15f"
        )


class TestDerived:
    def test_follows_from_its_cause(self) -> None:
        assert derived(TENANT, "a", 1) == derived(TENANT, "a", 1)
        assert derived(TENANT, "a", 1) != derived(TENANT, "a", 2)

    @given(st.uuids(), st.lists(st.text(), min_size=1, max_size=4))
    def test_is_the_standard_library_s_uuid_of_the_parts_as_json(
        self, source: UUID, parts: list[str]
    ) -> None:
        text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))

        assert derived(source, *parts) == uuid5(source, text)


class TestPartitionOf:
    def test_is_one_of_the_topic(self) -> None:
        assert {partition_of(UUID(int=n)) for n in range(500)} == set(range(PARTITIONS))
