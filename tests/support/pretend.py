"""Pretends to be a Duebook: remembers commands by their keys and answers as the real one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx

from services.cli.client.duebook import Duebook
from services.cli.installed import SERVICES

Refusal = tuple[int, str, str]  # Status, code, pointer.


@dataclass
class Pretend:
    """Answers as told: `refuses` looks at path and body, `fails` come before anything is done."""

    now: dict[str, datetime] = field(
        default_factory=lambda: dict.fromkeys(SERVICES, datetime(2011, 1, 1, tzinfo=UTC))
    )
    is_manual: bool = True
    refuses: Callable[[str, Mapping[str, Any]], Refusal | None] = lambda path, body: None
    loses_answers: bool = False  # Each command is done, and its first answer lost.
    entities: dict[str, Any] = field(default_factory=dict)
    received: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    clock_moves: list[tuple[str, datetime]] = field(default_factory=list)
    written: dict[str, tuple[bytes, dict[str, Any]]] = field(default_factory=dict)

    def client(self, patience_s: float = 5.0) -> Duebook:
        transport = httpx.MockTransport(self.answer)
        return Duebook("http://pretend", transport=transport, retry_s_max=patience_s)

    def commands(self, path: str) -> list[Mapping[str, Any]]:
        """Gives what was written there, in order."""
        return [body for at, body in self.received if at.endswith(path)]

    def answer(self, request: httpx.Request) -> httpx.Response:
        _, service, *rest = request.url.path.split("/")
        if rest == ["clock"]:
            return self._clock(service, request)
        path = "/" + "/".join(rest[1:])
        if request.method == "GET":
            entity = self.entities.get(rest[-1])
            return httpx.Response(200, json=entity) if entity else _problem(404, "not-found", "")
        if path.endswith(":batch"):
            return self._batch(f"/{service}{path.removesuffix(':batch')}", request)
        return self._command(
            f"/{service}{path}", request, request.headers["idempotency-key"], request.content
        )

    def _batch(self, path: str, request: httpx.Request) -> httpx.Response:
        """Each line as a command of its own."""
        items: list[dict[str, Any]] = []
        for number, line in enumerate(json.loads(request.content)["items"], 1):
            at = f"{path}/{line['id']}:{line['action']}" if "id" in line else path
            content = json.dumps(line["body"]).encode()
            answer = self._command(at, request, line["idempotency_key"], content)
            shown = "body" if answer.status_code < 400 else "problem"
            items.append(
                {
                    "line": number,
                    "status": answer.status_code,
                    "replayed": "idempotency-replayed" in answer.headers,
                    shown: answer.json(),
                }
            )
        return httpx.Response(207, json={"items": items})

    def _command(
        self, path: str, request: httpx.Request, key: str, content: bytes
    ) -> httpx.Response:
        if key in self.written:
            before, answered = self.written[key]
            if before != content:
                return _problem(422, "idempotency-key-reused", "/Idempotency-Key")
            return httpx.Response(200, json=answered, headers={"idempotency-replayed": "true"})
        body: dict[str, Any] = json.loads(content)
        refused = self.refuses(path, body)
        if refused is not None:
            return _problem(*refused)
        answered = {
            "id": str(uuid5(NAMESPACE_URL, key)),
            "installments": [{"open_item_id": str(uuid5(NAMESPACE_URL, f"{key}/1"))}],
        }
        self.written[key] = content, answered
        self.received.append((path, body))
        if path == "/ledger/legal-entities":
            self.entities[body["code"]] = body
        if self.loses_answers:
            raise httpx.ReadError("cut", request=request)
        return httpx.Response(201, json=answered)

    def _clock(self, service: str, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.now[service] = datetime.fromisoformat(json.loads(request.content)["now"])
            self.clock_moves.append((service, self.now[service]))
        return httpx.Response(
            200,
            json={
                "now": self.now[service].isoformat(),
                "manual": self.is_manual,
                "settled": True,
                "timers_due": 0,
                "next_timer_at": None,
                "outbox": 0,
                "in_flight": 0,
                "lag": 0,
                "end_offsets": {"t": [len(self.received)]},
                "halted": [],
                "parked": [],
            },
        )


def _problem(status: int, code: str, pointer: str) -> httpx.Response:
    fault = {"pointer": pointer, "code": code, "detail": code}
    return httpx.Response(status, json={"code": code, "errors": [fault]})
