"""Event class <-> stable type name <-> JSON bytes. Old versions are brought up to date on read.

Names never follow Python paths. Money is {"amount": "1234.50", "currency": "CNY"}; dates and
instants are ISO 8601; what is written is closed, what is read is open to unknown fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from shared.kernel.money import Money

Json = dict[str, Any]  # The one place where JSON is still untyped.
Upcaster = Callable[[Json], Json]  # From one version of a type to the next.


class UnknownEventType(Exception):
    """The type has another version than any we know: newer writer or missing upcaster."""


class UndecodableEvent(Exception):
    """The bytes do not fit the type. Says the type and the path, never the content."""


def _write(value: object) -> object:
    if isinstance(value, Money):
        return {"amount": value.amount, "currency": value.currency}
    raise NotImplementedError(type(value).__name__)


def _read(kind: type, value: Any) -> object:
    if kind is Money and isinstance(value, dict):
        return Money.of(value["amount"], value["currency"])
    raise NotImplementedError(kind.__name__)


ENCODER: Final = msgspec.json.Encoder(enc_hook=_write)
# Sets in an order of their own: what is equal is written in the same bytes by every process.
SORTED_ENCODER: Final = msgspec.json.Encoder(enc_hook=_write, order="deterministic")


def to_json(value: object) -> bytes:
    """JSON bytes of dataclasses, Money, dates and plain values, as events and answers show them."""
    return ENCODER.encode(value)


def decoder_of(kind: Any) -> msgspec.json.Decoder[Any]:
    """Makes what reads JSON bytes as `kind`. Raises TypeError where msgspec cannot tell how."""
    return msgspec.json.Decoder(kind, dec_hook=_read)


class Codec:
    """Encodes and decodes events: `own` types both ways, `others` (of the inbox) only for reading.

    `upcasters` maps an old type name to (next type name, function); chains end in a known type.
    """

    def __init__(
        self,
        own: Mapping[str, type],
        others: Mapping[str, type] | None = None,
        upcasters: Mapping[str, tuple[str, Upcaster]] | None = None,
    ) -> None:
        self._names = {cls: name for name, cls in own.items()}
        types = {**own, **(others or {})}
        self._decoders: dict[str, msgspec.json.Decoder[Any]] = {
            name: decoder_of(cls) for name, cls in types.items()
        }
        self.types: Mapping[str, type] = types
        self.upcasters: Mapping[str, tuple[str, Upcaster]] = dict(upcasters or {})
        self._families = {family(name) for name in types}

    def name_of(self, event: object) -> str:
        return self._names[type(event)]

    def encode(self, event: object) -> tuple[str, bytes]:
        return self._names[type(event)], ENCODER.encode(event)

    def decode(self, name: str, data: bytes) -> Any:
        """Decodes the event; gives None for a type that nobody here subscribes to.

        Raises UnknownEventType, UndecodableEvent.
        """
        decoder = self._decoders.get(name)
        try:
            if decoder is not None:
                return decoder.decode(data)
            if name in self.upcasters:
                return self._upcast(name, msgspec.json.decode(data))
        except (msgspec.DecodeError, msgspec.ValidationError, ValueError, KeyError) as problem:
            raise UndecodableEvent(f"{name}: {type(problem).__name__}") from problem
        if family(name) in self._families:
            raise UnknownEventType(name)
        return None

    def _upcast(self, name: str, fields: Json) -> Any:
        while name in self.upcasters:  # Ends: every step is one version up.
            name, step = self.upcasters[name]
            fields = step(fields)
        return msgspec.convert(fields, self.types[name], dec_hook=_read)


def family(name: str) -> str:
    """A type's name without its version."""
    return name.rpartition(".v")[0]


def version(name: str) -> int:
    return int(name.rpartition(".v")[2])
