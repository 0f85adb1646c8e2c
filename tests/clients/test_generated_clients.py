"""A public generator makes a client of each document, and the clients keep a book over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.support.contract_documents import DOCUMENTS, SERVICES
from tests.support.databases import Server
from tests.support.run_notes import note
from tests.support.served import served

pytestmark = pytest.mark.connected

ROOT: Final = Path(__file__).parents[2]
BIN: Final = ROOT / ".venv-clients/bin"
CONFIG: Final = Path(__file__).with_name("generator.yml")
KEEP_A_BOOK: Final = Path(__file__).with_name("keep_a_book.py")


@pytest.fixture
def clients(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The folder with the three packages that the generator made."""
    if not (BIN / "openapi-python-client").exists():
        reason = f"{BIN.parent} is not there: make {BIN.parent.name}/.ready"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason}. With CI=true this is no reason to skip.")
        note(request.config, f"NO GENERATED CLIENT WAS TESTED: {reason}")
        pytest.skip(reason)
    folder = tmp_path / "clients"
    folder.mkdir()
    for service in DOCUMENTS:
        generate = (
            *(str(BIN / "openapi-python-client"), "generate", "--meta", "none"),
            *("--config", str(CONFIG)),
        )
        document = SERVICES / service / "contract/openapi.json"
        called([*generate, "--fail-on-warning", "--path", str(document)], folder, service)
    return folder


def called(command: list[str], folder: Path, service: str) -> None:
    """The generator, which calls ruff from the path."""
    made = subprocess.run(
        [*command, "--output-path", str(folder / service)],
        cwd=folder,
        env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr


def test_issue_an_invoice_and_read_the_aging(
    clients: Path, server: Server, service_templates: Mapping[str, str], tmp_path: Path
) -> None:
    with served(server, service_templates, tmp_path) as running:
        kept = subprocess.run(
            [str(BIN / "python"), str(KEEP_A_BOOK), running.url],
            env={**os.environ, "PYTHONPATH": str(clients), "NO_PROXY": "127.0.0.1"},
            capture_output=True,
            text=True,
            check=False,
        )

    assert kept.returncode == 0, kept.stdout + kept.stderr
    assert json.loads(kept.stdout) == {
        "status": 201,
        "has_id": True,
        "due_on": ["2026-02-04"],
        "refused": "number-already-used",
        "buckets": ["not_due"],
        "open": {"amount": "8000.00", "currency": "CNY"},
        "credit_lines": 0,
        "work_list": 0,
    }
