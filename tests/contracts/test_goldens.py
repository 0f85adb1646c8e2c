"""What a service wrote once it can read for ever, and it still writes the same."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

import pytest

from services.credit.runtime.wiring import AREAS as CREDIT
from services.dunning.runtime.wiring import AREAS as DUNNING
from services.ledger.runtime.wiring import AREAS as LEDGER
from shared.platform.area import events_of
from shared.platform.codec import Codec
from tests.support import credit_samples, dunning_samples, ledger_samples

SERVICES: Final = Path(__file__).parents[2] / "services"
TYPES: Final = events_of([*LEDGER, *CREDIT, *DUNNING])
CODEC: Final = Codec(TYPES)
SAMPLES: Final = [*ledger_samples.SAMPLES, *credit_samples.SAMPLES, *dunning_samples.SAMPLES]
BY_NAME: Final = {CODEC.name_of(sample): sample for sample in SAMPLES}


def golden(name: str) -> Path:
    return SERVICES / name.partition(".")[0] / "contract/golden" / f"{name}.json"


@pytest.mark.parametrize("name", sorted(TYPES))
class TestGolden:
    def test_is_what_is_written(self, name: str) -> None:
        written = json.loads(CODEC.encode(BY_NAME[name])[1])
        if os.environ.get("DUEBOOK_WRITE_GOLDEN"):
            text = json.dumps(written, ensure_ascii=False, indent=2) + "\n"
            golden(name).parent.mkdir(exist_ok=True)
            golden(name).write_text(text, "utf-8")

        assert json.loads(golden(name).read_text("utf-8")) == written

    def test_is_read_as_it_was_meant(self, name: str) -> None:
        assert CODEC.decode(name, golden(name).read_bytes()) == BY_NAME[name]

    def test_is_read_with_fields_nobody_knows_yet(self, name: str) -> None:
        fields = json.loads(golden(name).read_text("utf-8"))
        later = json.dumps({**fields, "added_later": {"x": 1}}).encode()

        assert CODEC.decode(name, later) == BY_NAME[name]


def test_every_golden_file_is_of_a_type_that_can_be_read() -> None:
    assert {file.stem for file in SERVICES.glob("*/contract/golden/*.json")} == set(TYPES)
