"""Pages lists by cursor: the key of the last item, signed, good for the same question only."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Malformed
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Final, Generic, NamedTuple, TypeVar

import msgspec
from fastapi import Depends, Query
from starlette.requests import Request

from shared.platform.http.parts import Parts, parts_of
from shared.platform.http.problems import Problem

T = TypeVar("T")

LIMIT_DEFAULT: Final = 50  # items of a page
LIMIT_MAX: Final = 500  # items of a page
CURSOR_CHARACTERS_MAX: Final = 4000  # of a list cursor in the address
_SIGNATURE_BYTES: Final = 16
_NOT_THE_QUESTION: Final = frozenset(("cursor", "limit"))


class _Place(msgspec.Struct):
    """Where a page ended, and in the answer to which question."""

    k: tuple[str, ...]
    f: str


class Cut(NamedTuple, Generic[T]):
    """The items of a page, and the cursor of the page after it; None: there is none."""

    items: Sequence[T]
    next: str | None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """How much is asked for, and after which item."""

    limit: int
    after: tuple[str, ...] | None
    _question: str
    _key: bytes

    def page(self, items: Sequence[T], key_of: Callable[[T], Sequence[str]]) -> Cut[T]:
        """Cuts the page out of up to limit + 1 items, with a cursor if there is more."""
        shown = items[: self.limit]
        more = len(items) > self.limit
        return Cut(shown, self.cursor(key_of(shown[-1])) if more else None)

    def cursor(self, key: Sequence[str]) -> str:
        """The place after the item with this key. Feeds give one with every answer."""
        place = msgspec.json.encode(_Place(tuple(key), self._question))
        return urlsafe_b64encode(_sign(self._key, place) + place).rstrip(b"=").decode()


async def page_request(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX)] = None,
) -> PageRequest:
    parts = parts_of(request)
    question, key = _question(request, parts), _key(parts)
    after = None if cursor is None else _read(cursor, question, key)
    return PageRequest(limit, after, question, key)


Paging = Annotated[PageRequest, Depends(page_request)]


def _read(cursor: str, question: str, key: bytes) -> tuple[str, ...]:
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        signature, place = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, _sign(key, place)):
            raise Problem("invalid-cursor", pointer="/cursor")
        found = msgspec.json.decode(place, type=_Place)
    except (UnicodeEncodeError, Base64Malformed, ValueError):
        raise Problem("invalid-cursor", pointer="/cursor") from None
    if found.f != question:
        raise Problem("invalid-cursor", pointer="/cursor", detail="Belongs to another list.")
    return found.k


def _sign(key: bytes, place: bytes) -> bytes:
    return hmac.digest(key, place, "sha256")[:_SIGNATURE_BYTES]


def _key(parts: Parts) -> bytes:
    """Gives the key of signatures; without a secret they still show foreign and mangled cursors."""
    return parts.cursor_key or sha256(f"cursor {parts.tenant_id}".encode()).digest()


def _question(request: Request, parts: Parts) -> str:
    """Sums up what was asked, but for how much of it: filters, sort order, path, tenant."""
    asked = sorted(
        (name, value)
        for name, value in request.query_params.multi_items()
        if name not in _NOT_THE_QUESTION
    )
    text = msgspec.json.encode([str(parts.tenant_id), parts.service.name, request.url.path, asked])
    return sha256(text).hexdigest()[:24]
