"""Turns what pydantic found wrong with a request into field and rule, never the value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from shared.platform.http.problems import (
    FAULTS_MAX,
    POINTER_CHARACTERS_MAX,
    STATUS,
    Fault,
    Problem,
    title_of,
)

_SLUGS: Final = {"missing": "missing-field", "extra_forbidden": "unknown-field"}
_OF_PLACE: Final = {
    "query": "invalid-query",
    "header": "invalid-header",
    "cookie": "invalid-header",
}
# Messages of pydantic that hold no part of what was sent.
_HARMLESS: Final = frozenset(
    (
        "string_type", "string_too_short", "string_too_long", "string_pattern_mismatch",
        "int_type", "int_parsing", "bool_type", "bool_parsing", "list_type", "tuple_type",
        "too_short", "too_long", "greater_than", "greater_than_equal", "less_than",
        "less_than_equal", "literal_error", "enum", "none_required", "float_type",
    )
)  # fmt: skip
_DETAILS: Final = {
    "missing": "Is required.",
    "extra_forbidden": "Is not a field of this request.",
    "model_type": "Must be an object.",
    "model_attributes_type": "Must be an object.",
    "dict_type": "Must be an object.",
}


def problem_of(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """The problem these validation errors are; the first decides which."""
    first = errors[0]
    if first["type"] == "json_invalid":
        return Problem("malformed-json")
    place = first["loc"][0] if first["loc"] else "body"
    if place == "path":
        return Problem("not-found")
    faults = [_fault(error) for error in errors[:FAULTS_MAX]]
    return Problem(_OF_PLACE.get(place, faults[0].code), faults=faults)


def pointer_of(path: Sequence[object]) -> str:
    """The JSON pointer (RFC 6901) to a place."""
    parts = [str(part).replace("~", "~0").replace("/", "~1") for part in path]
    text = "".join(f"/{part}" for part in parts)[:POINTER_CHARACTERS_MAX]
    return text.encode("utf-8", "replace").decode()  # JSON may hold halves of a surrogate pair.


def _fault(error: Mapping[str, Any]) -> Fault:
    kind = str(error["type"])
    code = _SLUGS.get(kind, kind.replace("_", "-"))
    known = code in STATUS
    if kind in _DETAILS:
        detail = _DETAILS[kind]
    elif known or kind in _HARMLESS:
        detail = str(error["msg"])
    else:
        detail = "Is not a valid value."
    place, *path = error["loc"] or ("body",)
    if place in _OF_PLACE:
        code = _OF_PLACE[place]
    elif not known:
        code = "invalid-value"
    return Fault(pointer_of(path), code, detail or title_of(code))
