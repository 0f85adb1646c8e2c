"""Describes errors as RFC 9457 problems: which rule and which field, never what was sent.

The slugs that every service shares; a service adds those of its rejections.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

RETRY_AFTER_S: Final = 1  # seconds
FAULTS_MAX: Final = 100  # faults of one request that are listed
POINTER_CHARACTERS_MAX: Final = 200  # of the path to a field that is named

STATUS: Final[Mapping[str, int]] = {
    "malformed-json": 400,
    "invalid-query": 400,
    "invalid-cursor": 400,
    "invalid-header": 400,
    "idempotency-key-required": 400,
    "token-not-tracked": 400,
    "not-found": 404,
    "method-not-allowed": 405,
    "not-acceptable": 406,
    "clock-moves-backward": 409,
    "idempotency-key-in-flight": 409,
    "concurrent-change": 409,
    "stale-version": 412,
    "body-too-large": 413,
    "unsupported-media-type": 415,
    "unknown-field": 422,
    "missing-field": 422,
    "invalid-value": 422,
    "amount-not-positive": 422,
    "amount-scale": 422,
    "unknown-currency": 422,
    "time-zone-not-fixed": 422,
    "character-not-allowed": 422,
    "email-address-invalid": 422,
    "idempotency-key-reused": 422,
    "if-match-required": 428,
    "internal-error": 500,
    "projection-behind": 503,
    "service-unavailable": 503,
    "outcome-unknown": 504,
}

RETRY: Final = frozenset(
    (
        "idempotency-key-in-flight",
        "concurrent-change",
        "projection-behind",
        "service-unavailable",
        "outcome-unknown",
    )
)


class Fault(NamedTuple):
    """One thing wrong with a request. `pointer` is a JSON pointer into its body (or parameters)."""

    pointer: str
    code: str
    detail: str


class Problem(Exception):
    """An answer that is not what was asked for. Raised by the platform, never by a rule."""

    def __init__(
        self,
        code: str,
        *,
        pointer: str = "",
        detail: str = "",
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status = STATUS[code]
        self.faults = tuple(faults) or (Fault(pointer, code, detail or title_of(code)),)
        self.headers = dict(headers or {})


@lru_cache(maxsize=1000)
def slug_of(rejection: str) -> str:
    """'invoice-not-open' of the class name InvoiceNotOpen."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", rejection).lower()


@lru_cache(maxsize=1000)
def title_of(code: str) -> str:
    """'Invoice not open' of 'invoice-not-open'."""
    return code.replace("-", " ").capitalize()
