"""How long a request that gets no answer is repeated, and after which pauses."""

from __future__ import annotations

from typing import Final

RETRY_S_MAX: Final = 60.0  # how long a request is repeated; a restart takes less
PAUSE_S_MIN: Final = 0.05  # before the first repetition; twice as long each time
PAUSE_S_MAX: Final = 1.0  # before any repetition
