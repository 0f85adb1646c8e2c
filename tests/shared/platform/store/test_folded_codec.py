"""What a snapshot holds comes back as it was, and what could not is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final, Literal, NamedTuple, TypedDict
from uuid import UUID

import pytest

from shared.kernel.decider import Aggregate, Armed, Folded
from shared.kernel.money import Money
from shared.platform.codec import Codec
from shared.platform.store.folded_codec import FoldedCodec, SnapshotCorrupt, StateNotCarried

CODEC: Final = Codec({})
ID: Final = UUID(int=7)


class Color(StrEnum):
    RED = "red"


class Place(NamedTuple):
    on: date
    amount: Money


@dataclass(frozen=True, slots=True)
class Inner:
    at: datetime
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rich:
    id: UUID | None
    color: Color
    grade: Literal["好", "bad"]
    pair: tuple[int, bool]
    inner: Inner
    ids: frozenset[UUID]
    by_id: Mapping[UUID, Inner] = field(default_factory=dict)
    by_day: Mapping[date, frozenset[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Empty:
    pass


def evolve_rich(state: Rich | Empty | None, event: object) -> Rich | Empty | None:
    return state


def kind_of(evolve: Callable[..., Any], initial: Any = None) -> Aggregate[Any, Any]:
    return Aggregate("rich", initial=initial, evolve=evolve, account_of=lambda event: None)


def folded(state: object, **timers: Armed) -> Folded:
    return Folded(4, state, ID, "CN01", datetime(2026, 3, 2, 1, 2, 3, 4, UTC), timers)


RICH: Final = Rich(
    id=None,
    color=Color.RED,
    grade="好",
    pair=(-1, True),
    inner=Inner(datetime(1, 1, 1, tzinfo=UTC), (Place(date.min, Money(-5, "KWD")),)),
    ids=frozenset((ID, UUID(int=8))),
    by_id={ID: Inner(datetime(2026, 3, 2, tzinfo=UTC))},
    by_day={date.max: frozenset((3, 4)), date.min: frozenset()},
)


class TestRoundTrip:
    @pytest.mark.parametrize("state", [RICH, Empty(), None], ids=["rich", "empty", "none"])
    def test_brings_back_every_shape_as_it_was(self, state: object) -> None:
        codec = FoldedCodec(kind_of(evolve_rich), CODEC)
        before = folded(state, a=Armed(datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=1), 3))
        after = codec.decode(codec.encode(before))
        assert after == before
        assert type(after.state) is type(state)

    def test_keeps_what_has_no_events_yet(self) -> None:
        codec = FoldedCodec(kind_of(evolve_rich), CODEC)
        before = Folded(0, None, None, "", None, {})
        assert codec.decode(codec.encode(before)) == before

    def test_refuses_a_shape_that_evolve_does_not_declare(self) -> None:
        with pytest.raises(StateNotCarried, match="rich: Inner is no shape of it"):
            FoldedCodec(kind_of(evolve_rich), CODEC).encode(folded(RICH.inner))


class TestCorruptBytes:
    @pytest.mark.parametrize(
        "damage",
        [
            lambda data: b"",
            lambda data: data[:-1],
            lambda data: data.replace(b"CN01", b"CN02"),
            lambda data: data.partition(b"\n")[2],
            lambda data: b"0" + data[1:] if data[:1] != b"0" else b"1" + data[1:],
        ],
        ids=["empty", "cut", "another letter", "no digest", "another digest"],
    )
    def test_are_refused(self, damage: Callable[[bytes], bytes]) -> None:
        codec = FoldedCodec(kind_of(evolve_rich), CODEC)
        with pytest.raises(SnapshotCorrupt):
            codec.decode(damage(codec.encode(folded(RICH))))

    def test_of_another_kind_are_refused(self) -> None:
        def evolve(state: Inner, event: object) -> Inner:
            return state

        other = FoldedCodec(kind_of(evolve, RICH.inner), CODEC)
        with pytest.raises(SnapshotCorrupt):
            FoldedCodec(kind_of(evolve_rich), CODEC).decode(other.encode(folded(RICH.inner)))


@dataclass
class Open:
    changed: int = 0


class Typed(TypedDict):
    name: str


@dataclass(frozen=True)
class Derived:
    name: str
    length: int = field(init=False, default=3)


@dataclass(frozen=True)
class Above:
    name: str


@dataclass(frozen=True)
class Below(Above):
    more: str


@dataclass(frozen=True)
class Endless:
    next: Endless | None


@dataclass(frozen=True)
class Holder:
    items: list[int]


@dataclass(frozen=True)
class Either:
    one: Empty | Inner


@dataclass(frozen=True)
class Deep:
    shares: Mapping[str, tuple[Fraction, ...]]


def returning(kind: Any) -> Callable[..., Any]:
    def evolve(state: Any, event: object) -> Any:
        return state

    evolve.__annotations__["return"] = kind
    return evolve


class TestRefusal:
    @pytest.mark.parametrize(
        ("kind", "said"),
        [
            (Open, "rich: Open: "),
            (Holder, "rich: Holder.items: "),
            (Typed, "rich: Typed: "),
            (Derived, "rich: Derived: "),
            (Above | Below, "rich: Above: "),
            (Endless, "rich: Endless.next: "),
            (Either, r"rich: Either.one: .* only the state itself can be a union"),
            (Deep, r"rich: Deep.shares\[\]\[\]: .*Fraction"),
            (Empty | float, "rich: float: "),
            (Mapping[str, int], "evolve does not say what it returns"),
            (None | list[int], "evolve does not say what it returns"),
            (Any, "rich: Any: "),
        ],
        ids=str,
    )
    def test_names_where_the_type_stands(self, kind: Any, said: str) -> None:
        with pytest.raises(StateNotCarried, match=said):
            FoldedCodec(kind_of(returning(kind)), CODEC)

    def test_names_two_shapes_of_one_name(self) -> None:
        @dataclass(frozen=True)
        class Inner:
            other: int

        with pytest.raises(StateNotCarried, match="the name of two shapes"):
            FoldedCodec(kind_of(returning(Inner | globals()["Inner"])), CODEC)
