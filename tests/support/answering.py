"""Holds every answer of every app that a test drives against its service's OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from shared.platform.http.tracing import Tracing
from tests.support.contract_documents import DOCUMENTS, Operation, misfit


@dataclass
class Answers:
    """What was answered: what was not as documented, and the operations that were successful."""

    misfits: list[str] = field(default_factory=list)
    successes: set[Operation] = field(default_factory=set)

    def look(self, documents: Mapping[str, Any], scope: Scope, start: Message, body: bytes) -> None:
        """One answer; of an app without a document, or at a path without a route, nothing."""
        parts = getattr(scope["app"].state, "parts", None)
        route = scope.get("route")
        if parts is None:
            return
        document = documents.get(parts.service.name)
        if document is None or not isinstance(route, APIRoute) or not route.include_in_schema:
            return
        status, headers = start["status"], Headers(raw=start["headers"])
        asked = Operation(parts.service.name, scope["method"].lower(), route.path_format)
        documented = document["paths"].get(asked.path)
        if documented is None:
            return  # Of a toy under the service's name; its own routes are all in its document.
        if asked.method not in documented and status == 405:
            return
        media_type = headers.get("content-type", "").partition(";")[0]
        found = misfit(document, asked, status, media_type, body)
        if found is not None:
            self.misfits.append(f"{asked.service}: {asked.method} {asked.path}: {found}")
        elif status < 300:
            self.successes.add(asked)


@contextmanager
def answers_looked_at(documents: Mapping[str, Any] = DOCUMENTS) -> Iterator[Answers]:
    """All answers inside the block, whoever asked."""
    answers = Answers()
    call = Tracing.__call__

    async def looking(self: Tracing, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {}
        body = bytearray()

        async def looked(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            body.extend(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                answers.look(documents, scope, start, bytes(body))  # Before anybody has it.
            await send(message)

        await call(self, scope, receive, looked)

    with patch.object(Tracing, "__call__", looking):
        yield answers
