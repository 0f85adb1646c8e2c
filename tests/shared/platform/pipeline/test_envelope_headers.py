"""An envelope goes into headers and comes back; what is not an envelope is named and refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

import pytest

from shared.platform.log.envelope import (
    BadEnvelope,
    StoredEvent,
    envelope_of,
    record_of,
)
from shared.platform.log.port import LogRecord, TopicPartition

EVENT: Final = StoredEvent(
    id=UUID(int=0xF330),
    type="dunning.overdue_alert.raised.v1",
    stream_id=UUID(int=0x9A30),
    version=2,
    tenant_id=UUID(int=0x7001),
    account_id=UUID(int=0xA101),
    effective_on=date(2026, 4, 1),
    recorded_at=datetime(2026, 3, 31, 16, 0, 1, tzinfo=UTC),
    data=b'{"threshold_days":30}',
    headers={
        "subject": "d431",
        "time": "2026-03-31T16:00:00Z",
        "correlationid": str(UUID(int=0x770C)),
        "causationid": str(UUID(int=0x5CE2)),
        "entityid": "CN01",
        "actor": "system",
        "causationpos": "duebook.ledger.events.v1/5/811",
        "txid": str(UUID(int=0x6D01)),
        "txindex": "1",
        "txcount": "2",
        "traceparent": "00-4bf9-00f0-01",
    },
)

AT: Final = TopicPartition("duebook.alerts.v1", 5)


def read_back(event: StoredEvent) -> LogRecord:
    return LogRecord(811, *record_of(event, "dunning"))


class TestRecordOf:
    def test_names_every_header_as_the_contract_does(self) -> None:
        record = record_of(EVENT, "dunning")
        headers = {name: value.decode() for name, value in record.headers.items()}
        assert headers == {
            "content-type": "application/json",
            "ce_specversion": "1.0",
            "ce_id": str(UUID(int=0xF330)),
            "ce_type": "dunning.overdue_alert.raised.v1",
            "ce_source": "urn:duebook:dunning",
            "ce_subject": "d431",
            "ce_time": "2026-03-31T16:00:00Z",
            "ce_recordedtime": "2026-03-31T16:00:01Z",
            "ce_streamid": str(UUID(int=0x9A30)),
            "ce_sequence": "2",
            "ce_tenantid": str(UUID(int=0x7001)),
            "ce_partitionkey": str(UUID(int=0xA101)),
            "ce_correlationid": str(UUID(int=0x770C)),
            "ce_causationid": str(UUID(int=0x5CE2)),
            "ce_entityid": "CN01",
            "ce_effectiveon": "2026-04-01",
            "ce_actor": "system",
            "ce_causationpos": "duebook.ledger.events.v1/5/811",
            "ce_txid": str(UUID(int=0x6D01)),
            "ce_txindex": "1",
            "ce_txcount": "2",
            "ce_dataschema": "https://duebook.example/schemas/dunning.overdue_alert.raised.v1.json",
            "traceparent": "00-4bf9-00f0-01",
        }
        assert record.key == str(UUID(int=0xA101)).encode()
        assert record.value == b'{"threshold_days":30}'

    def test_takes_the_recording_for_the_time_of_an_event_that_was_kept_without(self) -> None:
        record = record_of(replace(EVENT, headers={}), "dunning")
        assert record.headers["ce_time"] == b"2026-03-31T16:00:01Z"
        assert record.headers["ce_subject"] == str(EVENT.stream_id).encode()
        assert "traceparent" not in record.headers


class TestEnvelopeOf:
    def test_gives_back_what_was_put_in(self) -> None:
        recorded = envelope_of(AT, read_back(EVENT), "event")
        assert recorded.event == "event"
        assert recorded.id == EVENT.id
        assert (recorded.stream_id, recorded.version) == (EVENT.stream_id, 2)
        assert (recorded.tenant_id, recorded.account_id) == (EVENT.tenant_id, EVENT.account_id)
        assert recorded.effective_on == EVENT.effective_on
        assert recorded.recorded_at == EVENT.recorded_at
        assert recorded.happened_at == datetime(2026, 3, 31, 16, tzinfo=UTC)
        assert recorded.legal_entity == "CN01"
        assert recorded.correlation_id == UUID(int=0x770C)
        assert recorded.causation_id == UUID(int=0x5CE2)
        assert recorded.position == "duebook.alerts.v1/5/811"

    @pytest.mark.parametrize(
        "missing", ["ce_id", "ce_type", "ce_time", "ce_streamid", "ce_sequence"]
    )
    def test_names_the_header_that_is_missing(self, missing: str) -> None:
        record = read_back(EVENT)
        headers = {name: value for name, value in record.headers.items() if name != missing}
        with pytest.raises(BadEnvelope, match=missing):
            envelope_of(AT, record._replace(headers=headers))

    def test_refuses_a_value_that_cannot_be_without_repeating_it(self) -> None:
        record = read_back(EVENT)
        headers = {**record.headers, "ce_sequence": b"secret"}
        with pytest.raises(BadEnvelope) as refused:
            envelope_of(AT, record._replace(headers=headers))
        assert "secret" not in str(refused.value)
