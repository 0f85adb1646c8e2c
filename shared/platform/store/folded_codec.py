"""Writes what a stream was folded to as JSON, and reads it again: what a snapshot holds.

A state with a type that would not come back as it was is refused when the codec is made, by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from hashlib import sha256
from types import GenericAlias, NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from shared.kernel.decider import Aggregate, Armed, Folded
from shared.kernel.money import Money
from shared.platform.codec import ENCODER, Codec, decoder_of
from shared.platform.store.fingerprint import fingerprint_of

_PLAIN: Final = frozenset((NoneType, bool, int, str, date, datetime, UUID, Money))
_PLACE: Final = (int, UUID | None, str, datetime | None, dict[str, Armed])  # Before the state.
_KEYS: Final = frozenset((int, str, date, UUID))  # Of a mapping: JSON has only texts there.


class StateNotCarried(TypeError):
    """A snapshot cannot hold a state with a field of this type. Says where it stands."""


class SnapshotCorrupt(Exception):
    """The bytes are not those that were written."""


class FoldedCodec:
    """Encodes and decodes what streams of one kind are folded to.

    What it wrote is only for whoever has the same fingerprint.
    """

    def __init__(self, aggregate: Aggregate[Any, Any], codec: Codec) -> None:
        """Raises StateNotCarried."""
        self.kind = aggregate.kind
        self._decoders: dict[str, msgspec.json.Decoder[Any]] = {}
        for shape in _shapes_of(aggregate):
            where = f"{aggregate.kind}: {shape.__name__}"
            _check(shape, where, set())
            if shape.__name__ in self._decoders:
                raise StateNotCarried(f"{where} is the name of two shapes")
            self._decoders[shape.__name__] = decoder_of(GenericAlias(tuple, (*_PLACE, shape)))
        self.fingerprint = fingerprint_of(aggregate, codec, __name__)

    def encode(self, folded: Folded) -> bytes:
        """One line with the digest of what follows; then the shape of the state, and all of it."""
        shape = type(folded.state).__name__
        if shape not in self._decoders:
            raise StateNotCarried(f"{self.kind}: {shape} is no shape of it")
        place = (folded.version, folded.account_id, folded.legal_entity, folded.recorded_at)
        body = ENCODER.encode((shape, (*place, dict(folded.timers), folded.state)))
        return sha256(body).hexdigest().encode() + b"\n" + body

    def decode(self, data: bytes) -> Folded:
        """Raises SnapshotCorrupt."""
        digest, _, body = data.partition(b"\n")
        if digest != sha256(body).hexdigest().encode():
            raise SnapshotCorrupt(self.kind)
        try:
            shape, fields = _PARTS.decode(body)
            version, account_id, entity, recorded_at, timers, state = self._decoders[shape].decode(
                fields
            )
        except (msgspec.MsgspecError, ValueError, KeyError) as problem:
            raise SnapshotCorrupt(self.kind) from problem
        return Folded(version, state, account_id, entity, recorded_at, timers)


_PARTS: Final = msgspec.json.Decoder(tuple[str, msgspec.Raw])


def folded_codecs(
    aggregates: Sequence[Aggregate[Any, Any]], codec: Codec
) -> Mapping[str, FoldedCodec]:
    """The codec of each kind of stream. Raises StateNotCarried, SourceMissing."""
    return {aggregate.kind: FoldedCodec(aggregate, codec) for aggregate in aggregates}


def _shapes_of(aggregate: Aggregate[Any, Any]) -> Sequence[type]:
    """The shapes a state can have, as `evolve` declares what it returns."""
    state = get_type_hints(aggregate.evolve).get("return")
    shapes = get_args(state) if get_origin(state) in (Union, UnionType) else (state,)
    if not all(isinstance(shape, type) for shape in shapes):
        raise StateNotCarried(f"{aggregate.kind}: evolve does not say what it returns")
    return shapes


def _check(kind: Any, where: str, above: set[type]) -> None:
    """Refuses what JSON would not bring back equal, or what somebody could change meanwhile."""
    origin, args = get_origin(kind), get_args(kind)
    match origin:
        case _ if kind in _PLAIN or origin is Literal:
            inner: Sequence[tuple[str, Any]] = ()
        case _ if origin in (Union, UnionType):
            inner = [("", each) for each in args if each is not NoneType]
            if len(inner) > 1:
                raise StateNotCarried(f"{where}: {kind}; only the state itself can be a union")
        case _ if origin in (tuple, frozenset):
            inner = [("[]", each) for each in args if each is not Ellipsis]
        case _ if origin is not None and issubclass(origin, Mapping) and args[0] in _KEYS:
            inner = [("[]", args[1])]
        case _ if isinstance(kind, type) and issubclass(kind, Enum):
            inner = ()
        case _ if _is_record(kind) and kind not in above:
            hints = get_type_hints(kind)
            inner = [(f".{name}", hints[name]) for name in _names_of(kind)]
            above = above | {kind}
        case _:
            raise StateNotCarried(f"{where}: {kind}")
    for suffix, each in inner:
        _check(each, where + suffix, above)


def _is_record(kind: Any) -> bool:
    """Whether it is a frozen dataclass that is made from all its fields, or a named tuple.

    One with subclasses is neither: JSON does not say which of them a value was.
    """
    if not isinstance(kind, type) or kind.__subclasses__():
        return False
    if is_dataclass(kind):
        params: Any = kind.__dataclass_params__  # type: ignore[attr-defined] # as the library says
        return bool(params.frozen) and all(each.init for each in fields(kind))
    return issubclass(kind, tuple) and hasattr(kind, "_fields")


def _names_of(kind: Any) -> Sequence[str]:
    if is_dataclass(kind):
        return [each.name for each in fields(kind)]
    return tuple(kind._fields)
