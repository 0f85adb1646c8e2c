"""What the workers count, for /metrics."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge

PUBLISHED: Final = Counter(
    "duebook_relay_published_total", "Records the relay appended to the log.", ("service", "topic")
)
CONSUMED: Final = Counter(
    "duebook_worker_consumed_total", "Records a worker has passed.", ("service", "worker")
)
DUPLICATES: Final = Counter(
    "duebook_worker_duplicates_total", "Records dropped as seen before.", ("service", "worker")
)
FENCED: Final = Counter(
    "duebook_worker_fenced_total", "Batches another owner forestalled.", ("service", "worker")
)
RETRIED: Final = Counter(
    "duebook_worker_retried_total", "Batches repeated after a failure.", ("service", "worker")
)
HALTED: Final = Gauge(
    "duebook_worker_halted_partitions", "Partitions that stand still.", ("service", "worker")
)
LEASES: Final = Gauge("duebook_leases_held", "Partitions owned here.", ("service", "worker"))
TIMERS_FIRED: Final = Counter(
    "duebook_timers_fired_total", "Timers that became works.", ("service",)
)
TIMERS_STUCK: Final = Counter(
    "duebook_timers_stuck_total", "Timers still there after they fired.", ("service",)
)
