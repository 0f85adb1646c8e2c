"""Runs the named layers of tests one after the other. Refuses a layer without tests."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PYTEST: Final = (sys.executable, "-m", "pytest", "-q", "--durations=10")
NO_TESTS: Final = 5  # pytest's exit code.


@dataclass(frozen=True)
class Layer:
    arguments: tuple[str, ...]
    optional: bool = False  # An optional layer may be empty.


# No test is in two layers. Journeys and faults own the machine, so they run alone.
LAYERS: Final = {
    "fast": Layer(("-m", "not connected and not journey and not faults", "-n", "2")),
    "connected": Layer(("-m", "connected and not journey and not faults")),
    "journey": Layer(("-m", "journey and not faults")),
    "faults": Layer(("-m", "faults")),
}


def run(name: str) -> tuple[bool, str]:
    """Whether the layer passed, and its row in the closing table."""
    layer = LAYERS[name]
    print(f"== layer {name}", flush=True)
    closing = ""
    started = time.monotonic()
    with subprocess.Popen(
        [*PYTEST, *layer.arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as pytest:
        for line in pytest.stdout or ():
            print(line, end="", flush=True)
            closing = line.strip() or closing
    seconds = time.monotonic() - started
    print(f"{seconds:.1f} s", flush=True)
    passed = pytest.returncode == 0 or (layer.optional and pytest.returncode == NO_TESTS)
    return passed, f"{'ok' if passed else 'FAILED':6} {name:9} {seconds:7.1f} s  {closing}"


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
