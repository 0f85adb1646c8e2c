"""Finds changes of an event's JSON Schema that its readers or its old events would not survive.

A schema may gain optional fields and enum values. All else is a new version of the type.
"""

from __future__ import annotations

from typing import Any, Final

Schema = dict[str, Any]

SAYS_NOTHING: Final = {"title", "description", "examples", "$schema", "$id", "$defs"}
READ_APART: Final = {"properties", "required", "enum", "const", "items", "anyOf", "prefixItems"}


def incompatible(old: Schema, new: Schema) -> list[str]:
    """Lists every refused change, as field: what. Nothing where the new schema is as good."""
    return _Comparison(old, new).of(old, new, "")


class _Comparison:
    def __init__(self, old: Schema, new: Schema) -> None:
        self._old, self._new = old.get("$defs", {}), new.get("$defs", {})

    def of(self, old: Schema, new: Schema, field: str) -> list[str]:
        old, new = _resolved(old, self._old), _resolved(new, self._new)
        if _rest(old) != _rest(new) or _parts(old) != _parts(new):
            return [f"{field or 'the body'}: retyped"]
        found = self._fields(old, new, field)
        if narrowed := [str(value) for value in _values(old) if value not in _values(new)]:
            found.append(f"{field}: narrowed by {', '.join(narrowed)}")
        if "items" in old:
            found += self.of(old["items"], new["items"], f"{field}[]")
        for key in ("anyOf", "prefixItems"):
            found += self._each(old.get(key, []), new.get(key, []), field)
        return found

    def _fields(self, old: Schema, new: Schema, field: str) -> list[str]:
        had, has = old.get("properties", {}), new.get("properties", {})
        needed, needs = set(old.get("required", ())), set(new.get("required", ()))
        prefix = f"{field}." if field else ""
        found = []
        for name in had:
            if name not in has:
                found.append(f"{prefix}{name}: removed")
                continue
            found += self.of(had[name], has[name], prefix + name)
            if (name in needed) != (name in needs):
                found.append(f"{prefix}{name}: {'no longer' if name in needed else 'now'} required")
        found += [f"{prefix}{name}: new and required" for name in has if name in needs - set(had)]
        return found

    def _each(self, old: list[Schema], new: list[Schema], field: str) -> list[str]:
        if len(old) != len(new):
            return [f"{field}: retyped"]
        pairs = zip(old, new, strict=True)
        return [fault for was, is_ in pairs for fault in self.of(was, is_, field)]


def _resolved(schema: Schema, parts: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    target: Schema = parts[schema["$ref"].removeprefix("#/$defs/")]
    return target


def _rest(schema: Schema) -> Schema:
    """Compares what must stay as it is: type, format, pattern, bounds."""
    return {key: schema[key] for key in schema if key not in SAYS_NOTHING | READ_APART}


def _parts(schema: Schema) -> set[str]:
    """Lists the kinds of parts it has; a constant is an enum of one."""
    kinds = {"enum" if key == "const" else key for key in schema if key in READ_APART}
    return kinds - {"required"}


def _values(schema: Schema) -> list[object]:
    return list(schema.get("enum", [schema["const"]] if "const" in schema else []))
