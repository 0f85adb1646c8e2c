"""What one account with a quarter of all events costs an installation of several processes.

Simulated, not timed: partitions of real account ids, given to processes in turn as leases are. A
partition belongs to one process, so the fullest process says how much all of them can take.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.cli.bench.lines import Line, Sample, Say
from services.cli.bench.plan import SKEW, Plan
from shared.kernel.ids import PARTITIONS, partition_of, stream_id

HOT_SHARE: Final = 0.25  # Of all events, those of the one account.
ACCOUNTS: Final = 10_000  # that share the rest evenly
PROCESSES: Final = (2, 3, 4, 6, 12)
TENANT: Final = UUID(int=1)


async def measure(program: Sequence[str], plan: Plan, say: Say) -> Sequence[Line]:
    """Simulates installations of several sizes."""
    even, hot = (shares(ACCOUNTS, share) for share in (0.0, HOT_SHARE))
    return [
        Line(
            name=f"{SKEW}: {processes} processes",
            unit="times one",
            beside="accounts that are alike",
            samples=[Sample(speed(hot, processes), speed(even, processes))],
            note=(
                f"one account has {HOT_SHARE:.0%} of the events, its partition {max(hot):.1%};"
                f" of accounts that are alike the fullest has {max(even):.1%}"
                if processes == PROCESSES[0]
                else ""
            ),
        )
        for processes in PROCESSES
    ]


def shares(accounts: int, hot_share: float) -> Sequence[float]:
    """The share of all events that each partition gets, when one more account has `hot_share`."""
    found = [0.0] * PARTITIONS
    for number in range(accounts):
        found[_partition(number)] += (1 - hot_share) / accounts
    found[_partition(accounts)] += hot_share
    return found


def speed(shares: Sequence[float], processes: int) -> float:
    """How many times the events of one process so many can take, until one of them is full."""
    return 1 / max(sum(shares[nth::processes]) for nth in range(processes))


def _partition(number: int) -> int:
    return partition_of(stream_id(TENANT, "SKEW", "account", f"C-{number}"))
