"""Looks at every answer of every app that a test drives: it is what its route's view says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import msgspec
from fastapi.routing import APIRoute
from starlette.types import Message, Receive, Scope, Send

from shared.kernel.money import Money
from shared.platform.http.tracing import Tracing
from shared.platform.http.views import Answer


def misfit(view: Any, body: bytes) -> str | None:
    """What of a body is not as its view says: a field too many, one missing, another type."""
    try:
        read = msgspec.json.decode(body, type=view, dec_hook=_money)
    except msgspec.ValidationError as problem:
        return str(problem)
    said, meant = json.loads(body), json.loads(msgspec.json.encode(read, enc_hook=_plain))
    return None if said == meant else f"{said} is not {meant}"


def _money(kind: type, value: Any) -> Money:
    assert kind is Money
    return Money.of(value["amount"], value["currency"])


def _plain(value: object) -> object:
    assert isinstance(value, Money)
    return {"amount": value.amount, "currency": value.currency}


@contextmanager
def answers_looked_at() -> Iterator[list[str]]:
    """What did not fit, of all requests inside the block that were answered with success."""
    misfits: list[str] = []
    call = Tracing.__call__

    async def looking(self: Tracing, scope: Scope, receive: Receive, send: Send) -> None:
        body, status = bytearray(), 0

        async def looked(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            body.extend(message.get("body", b""))
            await send(message)

        await call(self, scope, receive, looked)
        route = scope.get("route")
        if isinstance(route, APIRoute) and 200 <= status < 300:
            views = [one.view for one in route.responses.values() if isinstance(one, Answer)]
            found = [misfit(view, bytes(body)) for view in views]
            if all(found):  # A dry run is answered with 200 where the route says 201.
                misfits.extend(f"{scope['method']} {route.path}: {one}" for one in found if one)

    with patch.object(Tracing, "__call__", looking):
        yield misfits
