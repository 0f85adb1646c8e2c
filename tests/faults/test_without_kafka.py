"""Where no broker can be started the tests that need one say so at the end, or fail under CI."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.support.brokers import OWN_BROKER, ROOT, missing

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]

# Any one that needs a broker of its own.
NEEDY: Final = "tests/shared/platform/log/test_kafka_log.py"
RUN_S_MAX: Final = 60.0
HIDDEN: Final = ("java", "mvn", "docker", "podman")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder with what a PATH has, but for Java, Maven and Docker."""
    for folder in os.environ["PATH"].split(os.pathsep):
        for program in Path(folder).glob("*") if Path(folder).is_dir() else ():
            if program.name not in HIDDEN and not (link := tmp_path / program.name).exists():
                link.symlink_to(program)
    assert [name for name in HIDDEN if shutil.which(name, path=str(tmp_path))] == []
    return tmp_path


def run(path: Path, **environment: str) -> tuple[int, str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("CI", OWN_BROKER, "PYTEST_ADDOPTS")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", NEEDY],
        cwd=ROOT,
        env={**kept, "PATH": str(path), "DUEBOOK_KAFKA_LIBS": str(path / "none"), **environment},
        timeout=RUN_S_MAX,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


class TestMissing:
    @pytest.mark.parametrize(("engine", "is_named"), [("exit 0", True), ("exit 1", False)])
    def test_names_a_docker_engine_that_answers_and_not_a_mere_client(
        self, bare: Path, monkeypatch: pytest.MonkeyPatch, engine: str, is_named: bool
    ) -> None:
        (bare / "docker").write_text(f"#!/bin/sh\n{engine}\n")
        (bare / "docker").chmod(0o755)
        monkeypatch.setenv("PATH", str(bare))
        said = missing()
        assert said is not None
        assert said.startswith("Java 17 is missing")
        assert (OWN_BROKER in said) == is_named


class TestWithoutJavaMavenAndDocker:
    def test_skips_and_says_so_loudly_at_the_end(self, bare: Path) -> None:
        status, said = run(bare)
        assert status == 0, said
        loud, closing = said.rstrip().splitlines()[-2:]
        assert "KAFKA WAS NOT TESTED" in loud
        assert "Java 17" in loud
        assert "deploy/kafka/README.md" in loud
        assert re.search(r"[1-9]\d* skipped", closing)

    def test_fails_where_the_build_machine_should_have_them(self, bare: Path) -> None:
        status, said = run(bare, CI="true")
        assert status == 1, said
        assert "With CI=true this is no reason to skip" in said
        assert re.search(r"[1-9]\d* (failed|error)", said)
        assert "skipped" not in said.rstrip().splitlines()[-1]
