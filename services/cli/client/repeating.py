"""Pauses between the attempts of a request that gets no answer."""

from __future__ import annotations

import asyncio
import random

from services.cli.client.patience import PAUSE_S_MAX, PAUSE_S_MIN
from shared.platform.clock import monotonic_s


class Patience:
    """Waits between the repetitions of one request, longer each time, until that is over."""

    def __init__(self, retry_s_max: float) -> None:
        self._given_up_s = monotonic_s() + retry_s_max
        self._pause_s = PAUSE_S_MIN

    async def pause(self) -> bool:
        """Waits for the next attempt; False: there is to be none."""
        if monotonic_s() + self._pause_s > self._given_up_s:
            return False
        await asyncio.sleep(self._pause_s * random.uniform(0.5, 1.0))
        self._pause_s = min(self._pause_s * 2, PAUSE_S_MAX)
        return True
