"""How this service's routes write their answers. No rules, no SQL beyond filters by value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from shared.kernel.money import Money
from shared.platform.codec import to_json
from shared.platform.http.paging import PageRequest
from shared.platform.http.problems import Problem
from shared.platform.http.tokens import etag
from shared.platform.projector.keyset import Record, written


def answer(body: object, version: int | None = None) -> Response:
    headers = {} if version is None else {"etag": etag(version)}
    return Response(to_json(body), headers=headers, media_type="application/json")


def found(row: Record | None) -> Record:
    if row is None:
        raise Problem("not-found")
    return row


def page(
    paging: PageRequest,
    rows: Sequence[Record],
    key: Sequence[str],
    bodies: Sequence[Mapping[str, object]],
) -> Response:
    """`bodies` are the answers to the rows, `key` the names of the columns they are ordered by."""
    keys = [tuple(written(row[name]) for name in key) for row in rows]
    both = list(zip(keys, bodies, strict=True))
    cut = paging.page(both, lambda pair: pair[0])
    return answer({"items": [body for _, body in both[: paging.limit]], "next": cut["next"]})


def one_of(
    table: sa.Table, wanted: Mapping[str, Sequence[Any] | None]
) -> Sequence[sa.ColumnElement[bool]]:
    """Filters: a repeated parameter means or, an absent one means any."""
    return [table.c[name].in_(values) for name, values in wanted.items() if values]


def account_of(row: Record) -> dict[str, object]:
    return {
        "id": row["account_id"],
        "legal_entity": row["legal_entity"],
        "number": row["account_number"],
    }


def money(row: Record, minor: str) -> Money:
    return Money(row[minor], row["currency"])
