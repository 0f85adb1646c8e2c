"""Writes and reads a command's place in history: ETag and Consistency-Token.

A token is opaque to clients: which service, and how far which of its streams went.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Malformed
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

TOKENS_MAX: Final = 8  # tokens of one request
_ENTRY_BYTES: Final = 20  # 16 of the stream's id, 4 of its version
_ETAG: Final = re.compile(r'"v([0-9]{1,9})"')
_SERVICE: Final = re.compile(r"[a-z][a-z_]{0,30}")


class TokenMalformed(ValueError):
    """Not a token we made."""


@dataclass(frozen=True, slots=True)
class Token:
    service: str
    versions: Mapping[UUID, int]

    def encode(self) -> str:
        parts = [self.service.encode(), b"\0"]
        for stream, version in self.versions.items():
            parts.append(stream.bytes)
            parts.append(version.to_bytes(4, "big"))
        return urlsafe_b64encode(b"".join(parts)).rstrip(b"=").decode()

    @classmethod
    def decode(cls, text: str) -> Token:
        try:
            raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        except (UnicodeEncodeError, Base64Malformed, ValueError):
            raise TokenMalformed from None
        name, _, rest = raw.partition(b"\0")
        service = name.decode("ascii", "replace")
        if not _SERVICE.fullmatch(service) or not rest or len(rest) % _ENTRY_BYTES:
            raise TokenMalformed
        steps = range(0, len(rest), _ENTRY_BYTES)
        return cls(
            service,
            {
                UUID(bytes=rest[n : n + 16]): int.from_bytes(rest[n + 16 : n + 20], "big")
                for n in steps
            },
        )


def etag(version: int) -> str:
    return f'"v{version}"'


def version_of(header: str) -> int | None:
    """The version a strong ETag names; None if it is none of ours."""
    found = _ETAG.fullmatch(header.strip())
    return int(found[1]) if found else None
