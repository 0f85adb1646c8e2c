"""Turns a timer's payload into the text it is stored under, and back. Pure.

The text is the class's name in snake_case and its fields in their order: DaysPastDue(threshold=30,
installment=1) is "days_past_due/30/1". A slash inside a text is written "%2F", and so "%" is "%25".
A stored timer's text never changes, so neither may these.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from functools import cache, lru_cache
from typing import Any, Final, get_type_hints

_READ: Final[Mapping[type, Callable[[str], object]]] = {
    int: int,
    str: lambda text: text.replace("%2F", "/").replace("%25", "%"),
    date: date.fromisoformat,
}


_CACHED_TEXTS_MAX: Final = 20_000  # payloads whose text is remembered


class UnknownTimer(LookupError):
    """A stored timer that this kind of stream does not know any more."""


@lru_cache(maxsize=_CACHED_TEXTS_MAX)
def text_of(payload: Hashable) -> str:
    """The name a timer with this payload is stored under."""
    kind: Any = type(payload)
    values = (str(getattr(payload, name)) for name, _ in _fields(kind))
    kept = (value.replace("%", "%25").replace("/", "%2F") for value in values)
    return "/".join((kind_of(kind), *kept))


def payload_of(text: str, kinds: Sequence[type]) -> Any:
    """The payload again, of one of the kinds. Raises UnknownTimer."""
    name, *values = text.split("/")
    for kind in kinds:
        if kind_of(kind) == name and len(_fields(kind)) == len(values):
            read = zip(_fields(kind), values, strict=True)
            return kind(**{field: _READ[hint](value) for (field, hint), value in read})
    raise UnknownTimer(text)


@cache
def kind_of(kind: type) -> str:
    """The first part of the text: "days_past_due" of DaysPastDue."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


@cache
def _fields(kind: type[Any]) -> Sequence[tuple[str, type]]:
    hints = get_type_hints(kind)
    found = [(field.name, hints[field.name]) for field in fields(kind)]
    for name, hint in found:
        if hint not in _READ:
            raise TypeError(f"{kind.__name__}.{name}: a timer's payload has no {hint}")
    return found
