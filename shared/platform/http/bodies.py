"""Reads the body of a request once, within a limit, and decodes it once for all who ask."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.types import Receive, Scope

from shared.platform.http.problems import Problem

NO_BODY: Final = object()  # Nothing was sent, which is not null.
_HEADERS: Final = "duebook.headers"  # key in the ASGI scope
_DECODER: Final = msgspec.json.Decoder()


class ReadRequest(Request):
    """A request whose body is here: as it was sent, and what it says."""

    def __init__(self, scope: Scope, receive: Receive, sent: bytes, decoded: object) -> None:
        super().__init__(scope, receive)
        self._sent = sent
        self.decoded = decoded

    async def body(self) -> bytes:
        return self._sent


async def read_body(receive: Receive, bytes_max: int) -> bytes:
    """Reads all of it. Raises body-too-large before it holds more, whatever length was told."""
    message = await receive()
    sent: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body", False):
        if len(sent) > bytes_max:
            raise Problem("body-too-large")
        return sent
    parts, length = [sent], len(sent)
    while message["type"] == "http.request" and length <= bytes_max:
        if not message.get("more_body", False):
            return b"".join(parts)
        message = await receive()
        parts.append(message.get("body", b""))
        length += len(parts[-1])
    # Else the caller went away in the middle, and nobody hears what is answered.
    raise Problem("body-too-large" if length > bytes_max else "malformed-json")


def decoded(sent: bytes) -> object:
    """Decodes JSON. Raises malformed-json.

    What the fast decoder does not take, Python's own may: half a character, a byte order mark.
    """
    if not sent:
        return NO_BODY
    try:
        return _DECODER.decode(sent)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return json.loads(sent)
    except (ValueError, RecursionError):
        raise Problem("malformed-json") from None


async def decoded_of(request: Request) -> object:
    """What the body of a request says. Raises malformed-json."""
    if isinstance(request, ReadRequest) and request.decoded is not NO_BODY:
        return request.decoded
    return decoded(await request.body())


def headers_of(scope: Scope) -> Mapping[bytes, bytes]:
    """The first header of each name, in lower case as ASGI has it. Gathered once per request."""
    found: Mapping[bytes, bytes] | None = scope.get(_HEADERS)
    if found is None:
        found = scope[_HEADERS] = dict(reversed(scope["headers"]))
    return found


def header(scope: Scope, name: bytes) -> str | None:
    """The first header of this name as text; None: there is none."""
    value = headers_of(scope).get(name)
    return None if value is None else value.decode("latin-1")
