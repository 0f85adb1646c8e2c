"""Prints overdue alerts, one line each. Copy it, and put your own action where it prints.

    pip install aiokafka
    python alerts_consumer.py --bootstrap localhost:9092

Records come at least once, and the topic is a selection: `ce_sequence` may have gaps. So drop what
you have processed by `ce_id` alone. Offsets are committed after the action; one that must not
happen twice even after a crash is stored together with its id.
"""

import argparse
import asyncio
import json
import os
import signal

from aiokafka import AIOKafkaConsumer

SEEN_MAX = 100_000  # ids remembered, the latest ones, so that memory stays flat
LOOK_MS = 500  # between two looks at whether to stop
USUAL = {"bootstrap": "localhost:9092", "topic": "duebook.alerts.v1", "group": "alerts-consumer"}
KINDS = {f"dunning.overdue_alert.{kind}.v1": kind for kind in ("raised", "recovered")}


def handle(kind, headers, alert):
    item = f"{alert['account']['number']} {alert['invoice_number']}/{alert['installment']}"
    amount = f"{alert['open_amount']['amount']} {alert['open_amount']['currency']}"
    said = f"{item}, {alert['threshold_days']} days past due, {amount} open"
    print(f"{headers['ce_effectiveon']} {kind}: {said}", flush=True)


async def consume(bootstrap, topic, group):
    stop, seen = asyncio.Event(), {}
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    which = {"bootstrap_servers": bootstrap, "group_id": group, "auto_offset_reset": "earliest"}
    async with AIOKafkaConsumer(topic, enable_auto_commit=False, **which) as consumer:
        while not stop.is_set():
            found = await consumer.getmany(timeout_ms=LOOK_MS)
            for records in found.values():
                for record in records:
                    headers = {name: value.decode() for name, value in record.headers}
                    kind = KINDS.get(headers["ce_type"])  # There may be others one day.
                    if kind and headers["ce_id"] not in seen:
                        handle(kind, headers, json.loads(record.value))
                        seen[headers["ce_id"]] = None
            while len(seen) > SEEN_MAX:
                del seen[next(iter(seen))]
            if found:
                await consumer.commit()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, usual in USUAL.items():
        options.add_argument(f"--{name}", default=os.environ.get(name.upper(), usual))
    asyncio.run(consume(**vars(options.parse_args())))
