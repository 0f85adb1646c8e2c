"""How a process starts this program once more."""

from __future__ import annotations

import sys
from typing import Final

THIS_PROGRAM: Final = (sys.executable, "-m", "services.cli.main")
