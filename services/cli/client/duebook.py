"""Duebook over HTTP, as a program outside sees it: commands that may be repeated, and queries.

A repetition carries the same key, so that nothing is done twice; what a rule refused is never
repeated.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import httpx
import msgspec

from services.cli.client.addresses import roots_of
from services.cli.client.patience import RETRY_S_MAX
from services.cli.client.repeating import Patience
from shared.platform.codec import to_json

Json = dict[str, Any]
Params = Mapping[str, str | int | Sequence[str]]

CONNECTIONS_MAX: Final = 64  # open at the same time
TIMEOUT_S: Final = 60.0  # for one answer
PAGE_ITEMS: Final = 500

_RETRY_STATUS: Final = frozenset((502, 503, 504))
_RETRY_CODES: Final = frozenset(("concurrent-change", "idempotency-key-in-flight"))


class Fault(NamedTuple):
    """One thing wrong with a request."""

    pointer: str
    code: str
    detail: str


class Refused(Exception):
    """Duebook said no and will say no again. `code` is the slug of the problem."""

    def __init__(self, status: int, code: str, faults: Sequence[Fault]) -> None:
        super().__init__(code, [f"{fault.pointer} {fault.detail}" for fault in faults])
        self.status = status
        self.code = code
        self.faults = tuple(faults)


class Unreachable(Exception):
    """Nobody answered, or only that it cannot now, until patience was over."""


class Answer(NamedTuple):
    """What was answered to a command or query."""

    status: int
    body: Any  # JSON
    version: int | None  # Of the resource, from the ETag.
    token: str | None  # Consistency-Token; give it to queries that must have seen this.
    replayed: bool


class Duebook:
    """A client of all three services. `async with Duebook(url) as duebook:`

    `url` is the address of all, or ledger=…,credit=…,dunning=… where they stand apart.
    """

    def __init__(
        self,
        url: str,
        *,
        connections_max: int = CONNECTIONS_MAX,
        retry_s_max: float = RETRY_S_MAX,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._roots = roots_of(url)
        self.retry_s_max = retry_s_max
        limits = httpx.Limits(
            max_connections=connections_max, max_keepalive_connections=connections_max
        )
        self._http = httpx.AsyncClient(
            limits=limits, timeout=TIMEOUT_S, transport=transport, trust_env=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def command(
        self,
        service: str,
        path: str,
        body: object = None,
        *,
        key: str,
        if_match: int | None = None,
        dry_run: bool = False,
    ) -> Answer:
        """POST /v1/<path> with this idempotency key. Raises Refused, Unreachable."""
        headers = {"idempotency-key": key}
        if if_match is not None:
            headers["if-match"] = f'"v{if_match}"'
        params = {"dry_run": "true"} if dry_run else None
        return await self._send(
            "POST", self.address(service, f"/v1/{path.lstrip('/')}"), headers, params, body
        )

    async def batch(self, service: str, path: str, body: object) -> Answer:
        """POST /v1/<path> with many commands, each with a key of its own. Raises as `command`."""
        return await self._send(
            "POST", self.address(service, f"/v1/{path.lstrip('/')}"), {}, None, body
        )

    async def query(
        self,
        service: str,
        path: str,
        params: Params | None = None,
        *,
        tokens: Sequence[str] = (),
        wait_s: float | None = None,
    ) -> Answer:
        """GET /v1/<path>. With tokens the answer has seen what they stand for."""
        headers = {}
        if tokens:
            headers["consistency-token"] = ",".join(tokens)
        if wait_s is not None:
            headers["prefer"] = f"wait={round(wait_s)}"
        return await self._send(
            "GET", self.address(service, f"/v1/{path.lstrip('/')}"), headers, params, None
        )

    async def items(
        self, service: str, path: str, params: Params | None = None
    ) -> AsyncIterator[Json]:
        """All items of a list, page by page."""
        asked = {"limit": PAGE_ITEMS, **(params or {})}
        while True:  # Until the last page.
            page = (await self.query(service, path, asked)).body
            for item in page["items"]:
                yield item
            if page["next"] is None:
                return
            asked["cursor"] = page["next"]

    async def operation(
        self, service: str, method: str, path: str, body: object = None, *, wait_s: float = 0.0
    ) -> Answer:
        """What stands beside /v1: the clock, health, the version."""
        prefer = {"prefer": f"wait={wait_s:g}"} if wait_s else {}
        return await self._send(method, self.address(service, path), prefer, None, body)

    def address(self, service: str, path: str) -> str:
        return self._roots[service] + path

    async def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        params: Params | None,
        body: object,
    ) -> Answer:
        content = None
        if body is not None:
            content = to_json(body)
            headers = {**headers, "content-type": "application/json"}
        patience = Patience(self.retry_s_max)
        while True:  # Until an answer, or until patience is over.
            problem: str
            try:
                response = await self._http.request(
                    method, url, content=content, headers=headers, params=params
                )
                if response.status_code < 400:
                    return _answer(response)
                refusal = _refusal(response)
                if not is_worth_repeating(refusal):
                    raise refusal
                problem = refusal.code
            except httpx.TransportError as error:
                problem = type(error).__name__
            if not await patience.pause():
                raise Unreachable(f"{method} {url}: {problem}")


def is_worth_repeating(refusal: Refused) -> bool:
    """Whether the same request may be taken later."""
    return refusal.status in _RETRY_STATUS or refusal.code in _RETRY_CODES


def _answer(response: httpx.Response) -> Answer:
    etag = response.headers.get("etag", "")
    return Answer(
        status=response.status_code,
        body=msgspec.json.decode(response.content) if response.content else None,
        version=int(etag[2:-1]) if etag.startswith('"v') else None,
        token=response.headers.get("consistency-token"),
        replayed=response.headers.get("idempotency-replayed") == "true",
    )


def _refusal(response: httpx.Response) -> Refused:
    try:
        return refusal_of(response.status_code, msgspec.json.decode(response.content))
    except (msgspec.DecodeError, KeyError, TypeError):
        return Refused(response.status_code, "not-a-problem-document", ())


def refusal_of(status: int, problem: Json) -> Refused:
    """What a problem document says. Raises KeyError, TypeError for what is none."""
    faults = [
        Fault(fault["pointer"], fault["code"], fault["detail"]) for fault in problem["errors"]
    ]
    return Refused(status, str(problem["code"]), faults)
