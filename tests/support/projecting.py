"""Runs a projection in memory as the runtime does: by batches, with the rows it asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.kernel.envelope import Recorded
from shared.platform.projector.port import Key, Projection, Rows

Tables = dict[str, dict[Key, Any]]  # table name -> key -> row


def project(
    projection: Projection, events: Sequence[Recorded[Any]], *, batch: int = 1000
) -> Tables:
    """What the projection's tables hold after these events, read in batches of that size."""
    tables: Tables = {model.name: {} for model in projection.models}
    for start in range(0, len(events), batch):
        _one_batch(projection, tables, events[start : start + batch])
    return tables


def _one_batch(projection: Projection, tables: Tables, events: Sequence[Recorded[Any]]) -> None:
    rows = Rows()
    for need in projection.needs(events):
        table, n = tables[need.model.name], len(need.key)
        rows.load(need, [row for key, row in table.items() if key[:n] == need.key])
    rows = projection.fold(rows, events)
    for model in projection.models:
        known = {model.key_of(row): row for row in rows.all(model)}
        for key in rows.put_keys.get(model.name, set()):
            tables[model.name][key] = known[key]
        for key in rows.dropped_keys.get(model.name, set()):
            tables[model.name].pop(key, None)
