"""Credit understands every golden file of the ledger that it hears."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Final

import pytest

from services.credit.contract.inbox import HEARD
from shared.platform.codec import Codec, to_json

SERVICES: Final = Path(__file__).parents[2] / "services"
CODEC: Final = Codec({}, HEARD)


@pytest.mark.parametrize("name", sorted(HEARD))
def test_reads_what_the_ledger_writes(name: str) -> None:
    golden = (SERVICES / "ledger/contract/golden" / f"{name}.json").read_bytes()

    event = CODEC.decode(name, golden)

    assert json.loads(to_json(event)).items() <= json.loads(golden).items()
    assert {field.name for field in fields(event)} <= set(json.loads(golden))


@pytest.mark.parametrize("name", sorted(HEARD))
def test_goes_on_when_a_field_it_does_not_use_is_gone(name: str) -> None:
    golden = json.loads((SERVICES / "ledger/contract/golden" / f"{name}.json").read_bytes())
    used = {field.name for field in fields(HEARD[name])}
    less = {key: value for key, value in golden.items() if key in used}

    assert CODEC.decode(name, json.dumps(less).encode()) is not None
