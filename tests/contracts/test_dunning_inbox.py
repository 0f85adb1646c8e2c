"""What dunning hears is what the others say: its readers read the golden files of each type."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from services.dunning.contract.inbox import TYPES
from shared.platform.codec import Codec, to_json

SERVICES: Final = Path(__file__).parents[2] / "services"
CODEC: Final = Codec({}, TYPES)


@pytest.mark.parametrize("name", sorted(TYPES))
def test_reads_what_the_others_write(name: str) -> None:
    golden = SERVICES / name.partition(".")[0] / "contract/golden" / f"{name}.json"
    written = json.loads(golden.read_text("utf-8"))
    heard = json.loads(to_json(CODEC.decode(name, golden.read_bytes())))

    for field, value in heard.items():
        if field == "allocations":
            expected = [{key: one[key] for key in ("id", "amount")} for one in written[field]]
            assert value == expected
        else:
            assert value == written[field]
