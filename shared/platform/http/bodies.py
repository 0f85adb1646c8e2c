"""How routes write their answers: one resource, or a page of a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from starlette.responses import Response

from shared.kernel.money import Money
from shared.platform.codec import to_json
from shared.platform.http.paging import PageRequest
from shared.platform.http.problems import Problem
from shared.platform.http.tokens import etag
from shared.platform.projector.keyset import Record, written

R = TypeVar("R")


def answer(body: object, version: int | None = None) -> Response:
    """With a version it has an ETag."""
    headers = {} if version is None else {"etag": etag(version)}
    return Response(to_json(body), headers=headers, media_type="application/json")


def found(row: R | None) -> R:
    """The row, where there is one; else the answer is 404."""
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
    return answer({"items": [body for _, body in both[: paging.limit]], "next": cut.next})


def money_of(row: Record, minor: str) -> Money:
    """The amount in a column of minor units, in the row's currency."""
    return Money(row[minor], row["currency"])
