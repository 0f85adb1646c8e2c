"""Runs the named layers of tests one after the other. Refuses a layer without tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PYTEST: Final = (sys.executable, "-m", "pytest", "-q", "--durations=10")


@dataclass(frozen=True)
class Layer:
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    needs: Path | None = None  # Where this is absent, the layer is skipped, loudly.


# Both processors have work: one file after the other to each of two processes. Each has its own
# servers and databases, made once, so that nobody waits for another's. In the order of the tree, as
# the few files that take longest are not those with the most tests.
PAIR: Final = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
CRASH_POINTS: Final = "tests/faults/test_crash_points.py"
DEBIAN_15: Final = Path("/usr/lib/postgresql/15/bin/initdb")

# Journeys and faults own the machine, so they run alone. All but a death at each failpoint: it
# comes when the point is reached, whatever else there is to do.
LAYERS: Final = {
    "fast": Layer(("-m", "not connected and not journey and not faults", "-n", "2")),
    "connected": Layer(("-m", "connected and not journey and not faults", *PAIR)),
    # The platform once more, on the PostgreSQL that Debian packages.
    "postgres15": Layer(
        (
            *("-m", "connected and not journey and not faults"),
            *("--ignore", "tests/shared/platform/log/test_kafka_log.py"),
            *("--ignore", "tests/shared/platform/database/test_embedded.py"),
            "tests/shared",
            *PAIR,
        ),
        environment={"DUEBOOK_TEST_SERVER": "15"},
        needs=DEBIAN_15,
    ),
    "journey": Layer(("-m", "journey and not faults", "tests/journeys")),
    # What dies in one process is in `make test`, the rest in `make prove`, so that each of the two
    # stays under twenty minutes: every failpoint on the log in PostgreSQL, and on Kafka with the
    # other faults; whole journeys under kill -9 on one process, and on six. These are compared with
    # the calm one that the layer before has left.
    "crash": Layer(("-m", "faults", "-k", "not OnKafka", CRASH_POINTS, "-n", "2")),
    "crash_on_kafka": Layer(("-m", "faults", "-k", "OnKafka", CRASH_POINTS, "-n", "2")),
    "faults": Layer(("-m", "faults", "--ignore", CRASH_POINTS, "tests/faults")),
    "killed": Layer(("-m", "faults and not connected", "tests/journeys")),
    "six": Layer(("-m", "faults and connected", "tests/journeys")),
}


def run(name: str) -> tuple[bool, str]:
    """Whether the layer passed, and its row in the closing table."""
    layer = LAYERS[name]
    print(f"== layer {name}", flush=True)
    if layer.needs is not None and not layer.needs.exists():
        said = f"SKIPPED {name}: {layer.needs} is not here"
        print(said, flush=True)
        return True, said
    closing = ""
    started = time.monotonic()
    with subprocess.Popen(
        [*PYTEST, *layer.arguments],
        cwd=ROOT,
        env={**os.environ, **layer.environment},
        stdout=subprocess.PIPE,
        text=True,
    ) as pytest:
        for line in pytest.stdout or ():
            print(line, end="", flush=True)
            closing = line.strip() or closing
    seconds = time.monotonic() - started
    print(f"{seconds:.1f} s", flush=True)
    passed = pytest.returncode == 0
    return passed, f"{'ok' if passed else 'FAILED':6} {name:10} {seconds:7.1f} s  {closing}"


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in LAYERS]
    if unknown or not names:
        print(f"Which layers? {' '.join(LAYERS)}", file=sys.stderr)
        return 2
    results = [run(name) for name in names]
    print("== layers")
    for _, row in results:
        print(row)
    return 0 if all(passed for passed, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
