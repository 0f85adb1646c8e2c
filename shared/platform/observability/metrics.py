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
EFFECTS_WAITED: Final = Counter(
    "duebook_effects_waited_total",
    "Events not performed because somebody was away; they are performed later.",
    ("service", "effect"),
)
EFFECTS_FAILED: Final = Counter(
    "duebook_effects_failed_total",
    "Events given up for a reason of their own; their streams say so.",
    ("service", "effect"),
)
LEASES: Final = Gauge("duebook_leases_held", "Partitions owned here.", ("service", "worker"))
TIMERS_FIRED: Final = Counter(
    "duebook_timers_fired_total", "Timers that became works.", ("service",)
)
TIMERS_STUCK: Final = Counter(
    "duebook_timers_stuck_total", "Timers still there after they fired.", ("service",)
)

# Read from database and log when somebody asks for the metrics: any process tells them of all.
UNMEASURED: Final = Counter(
    "duebook_unmeasured_total", "Times the following could not be read.", ("service", "problem")
)
OUTBOX_ROWS: Final = Gauge("duebook_outbox_rows", "Events not on the log yet.", ("service",))
OUTBOX_OLDEST: Final = Gauge(
    "duebook_outbox_oldest_seconds", "How long the oldest of them has waited.", ("service",)
)
LAG: Final = Gauge(
    "duebook_worker_lag_records", "Records a worker has not passed.", ("service", "worker")
)
AGE: Final = Gauge(
    "duebook_worker_age_seconds",
    "Since a worker was known to have seen the whole log.",
    ("service", "worker"),
)
HALTED: Final = Gauge(
    "duebook_worker_halted_partitions", "Partitions that stand still.", ("service", "worker")
)
PARKED: Final = Gauge(
    "duebook_worker_parked_streams",
    "Streams that are passed over because of an event that could not be taken.",
    ("service", "worker"),
)
OWNERS: Final = Gauge(
    "duebook_lease_owner_partitions",
    "Partitions by who owns them.",
    ("service", "worker", "owner"),
)


def forget(gauge: Gauge, service: str) -> None:
    """All series of a service, before those that are still true are set."""
    for metric in gauge.collect():
        for sample in metric.samples:
            if sample.labels["service"] == service:
                gauge.remove(*sample.labels.values())
