"""What credit wrote once it can read for ever, and it still writes the same."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

import pytest

from services.credit.runtime.published import PUBLISHED
from shared.platform.codec import Codec
from tests.support.credit_samples import SAMPLES

GOLDEN: Final = Path(__file__).parents[2] / "services/credit/contract/golden"
CODEC: Final = Codec(PUBLISHED)
BY_NAME: Final = {CODEC.name_of(sample): sample for sample in SAMPLES}


@pytest.mark.parametrize("name", sorted(PUBLISHED))
class TestGolden:
    def test_is_what_is_written(self, name: str) -> None:
        written = json.loads(CODEC.encode(BY_NAME[name])[1])
        file = GOLDEN / f"{name}.json"
        if os.environ.get("DUEBOOK_WRITE_GOLDEN"):
            text = json.dumps(written, ensure_ascii=False, indent=2) + "\n"
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, "utf-8")

        assert json.loads(file.read_text("utf-8")) == written

    def test_is_read_as_it_was_meant(self, name: str) -> None:
        assert CODEC.decode(name, (GOLDEN / f"{name}.json").read_bytes()) == BY_NAME[name]

    def test_is_read_with_fields_nobody_knows_yet(self, name: str) -> None:
        fields = json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))
        later = json.dumps({**fields, "added_later": {"x": 1}}).encode()

        assert CODEC.decode(name, later) == BY_NAME[name]


def test_every_golden_file_is_of_a_type_that_can_be_read() -> None:
    assert {file.stem for file in GOLDEN.glob("*.json")} == set(PUBLISHED)
