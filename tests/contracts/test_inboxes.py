"""What a service hears is what the others say: its readers read the golden file of each type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import pytest

from services.credit.contract.inbox import SUBSCRIBES_TO as CREDIT
from services.dunning.contract.inbox import SUBSCRIBES_TO as DUNNING
from shared.platform.codec import Codec, to_json

SERVICES: Final = Path(__file__).parents[2] / "services"
INBOXES: Final = {"credit": CREDIT, "dunning": DUNNING}
READ: Final = [(service, name) for service, inbox in INBOXES.items() for name in sorted(inbox)]


def golden(name: str) -> Any:
    service = name.partition(".")[0]
    return json.loads((SERVICES / service / "contract/golden" / f"{name}.json").read_bytes())


def is_part_of(read: Any, written: Any) -> bool:
    """Whether every field that was read was written so, in every object inside too."""
    match read:
        case dict():
            return all(key in written and is_part_of(read[key], written[key]) for key in read)
        case list():
            pairs = zip(read, written, strict=True)
            return len(read) == len(written) and all(is_part_of(*pair) for pair in pairs)
        case _:
            return bool(read == written)


def used(kind: type, written: Mapping[str, Any]) -> Mapping[str, Any]:
    return {field.name: written[field.name] for field in fields(kind)}


@pytest.mark.parametrize(("service", "name"), READ)
class TestInbox:
    def test_reads_what_the_others_write(self, service: str, name: str) -> None:
        event = Codec({}, INBOXES[service]).decode(name, json.dumps(golden(name)).encode())

        assert is_part_of(json.loads(to_json(event)), golden(name))

    def test_goes_on_when_a_field_it_does_not_use_is_gone(self, service: str, name: str) -> None:
        less = json.dumps(used(INBOXES[service][name], golden(name))).encode()

        assert Codec({}, INBOXES[service]).decode(name, less) is not None


def test_a_field_read_otherwise_than_it_was_written_is_found() -> None:
    assert not is_part_of({"a": [{"b": 1}]}, {"a": [{"b": 2}]})
    assert not is_part_of({"a": 1}, {"b": 1})
