"""Schemathesis tries the three documents with all its checks against the running services.

A short run here, the same every time; DUEBOOK_EXAMPLES=300 makes it long and different each time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.support.contract_documents import DOCUMENTS, SERVICES
from tests.support.databases import Server
from tests.support.driven_book import drive
from tests.support.served import Served, served

pytestmark = pytest.mark.connected

ROOT: Final = Path(__file__).parents[2]
CONFIG: Final = Path(__file__).with_name("schemathesis.toml")
EXAMPLES: Final = os.environ.get("DUEBOOK_EXAMPLES")  # of one operation; none: a short run
SHORT: Final = ("--max-examples", "3", "--generation-deterministic")
RUN_S_MAX: Final = 3600


@pytest.fixture(scope="module")
def book(
    server: Server, service_templates: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Services with something in them."""
    with served(server, service_templates, tmp_path_factory.mktemp("served")) as running:
        drive(running)
        yield running


@pytest.mark.timeout(RUN_S_MAX)
@pytest.mark.parametrize("service", DOCUMENTS)
def test_finds_nothing_that_is_not_explained(service: str, book: Served, tmp_path: Path) -> None:
    how = ("--max-examples", EXAMPLES, "--generation-database", "none") if EXAMPLES else SHORT
    document = SERVICES / service / "contract/openapi.json"
    schemathesis = (sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG))
    run = subprocess.run(
        [*schemathesis, "run", str(document), "--url", f"{book.url}/{service}", "--no-color", *how],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
