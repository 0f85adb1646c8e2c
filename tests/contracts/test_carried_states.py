"""What a stream of any service comes to, a snapshot carries, and its later events fold on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.cli.installed import RUNTIMES
from shared.kernel.decider import Aggregate, Folded
from shared.kernel.money import Money
from shared.platform.codec import Codec
from shared.platform.hosting.settings import PlatformSettings
from shared.platform.store.folded_codec import FoldedCodec, folded_codecs
from shared.platform.store.folding import after_event, before_first_event
from tests.support.ledger_histories import STEPS, Step, life_of

SERVICES: Final = {name: runtime.service(PlatformSettings()) for name, runtime in RUNTIMES.items()}
AGGREGATES: Final = [
    pytest.param(aggregate, service.codec(), id=aggregate.kind)
    for service in SERVICES.values()
    for aggregate in service.aggregates
]
DAY: Final = date(2026, 3, 31)
# A few of each, so that events of a history are about the same things.
VALUES: Final[Mapping[type, st.SearchStrategy[Any]]] = {
    NoneType: st.none(),
    bool: st.booleans(),
    int: st.integers(1, 3),
    str: st.sampled_from(("Asia/Shanghai", "Europe/Berlin", '华东 "N°1"\n')),
    UUID: st.integers(1, 4).map(lambda n: UUID(int=n)),
    Money: st.integers(0, 3).map(lambda n: Money(n * 50_000, "CNY")),
    date: st.integers(0, 40).map(lambda n: DAY + timedelta(days=n)),
    datetime: st.integers(0, 10**6).map(
        lambda n: datetime(2026, 3, 31, tzinfo=UTC) + timedelta(seconds=n, microseconds=n)
    ),
}


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type that an event may have."""
    origin, args = get_origin(kind), get_args(kind)
    if kind in VALUES:
        return VALUES[kind]
    if origin is Literal:
        return st.sampled_from(args)
    if origin in (Union, UnionType):
        return st.one_of([values_of(each) for each in args])
    if origin is tuple:
        return st.lists(values_of(args[0]), max_size=3).map(tuple)
    make: Any = kind
    assert is_dataclass(kind), kind
    hints = get_type_hints(kind)
    return st.builds(make, **{each.name: values_of(hints[each.name]) for each in fields(kind)})


def folded_with(aggregate: Aggregate[Any, Any], folded: Folded, event: object) -> Folded:
    return after_event(
        folded,
        aggregate,
        event,
        account_id=UUID(int=1),
        legal_entity="CN01",
        recorded_at=datetime(2026, 3, 31, tzinfo=UTC) + timedelta(minutes=folded.version),
    )


def pools_of(aggregate: Aggregate[Any, Any]) -> st.SearchStrategy[list[Any]]:
    """Events of a stream, at least one of each class, in any order."""
    event = get_type_hints(aggregate.evolve)["event"]
    kinds = get_args(event) or (event,)
    some = [st.lists(values_of(kind), min_size=1, max_size=2) for kind in kinds]
    return st.tuples(*some).flatmap(lambda lists: st.permutations(list(chain(*lists))))


def reached(aggregate: Aggregate[Any, Any], events: Sequence[object]) -> Iterator[Folded]:
    """What a stream can come to by these events: each is tried on the latest of every shape."""
    latest = {type(aggregate.initial): before_first_event(aggregate)}
    yield from latest.values()
    for event in (*events, *events):
        for before in [*latest.values()]:
            # Nobody decided this history, so anything may be wrong with an event.
            with suppress(Exception):
                folded = folded_with(aggregate, before, event)
                latest[type(folded.state)] = folded
                yield folded


@pytest.mark.parametrize(("aggregate", "codec"), AGGREGATES)
def test_a_snapshot_carries_every_shape_of_every_state(
    aggregate: Aggregate[Any, Any], codec: Codec
) -> None:
    carrier = FoldedCodec(aggregate, codec)
    shapes: set[str] = set()

    @settings(max_examples=40)
    @given(pools_of(aggregate))
    def carries(events: Sequence[object]) -> None:
        for folded in reached(aggregate, events):
            found = carrier.decode(carrier.encode(folded))
            assert found == folded
            assert type(found.state) is type(folded.state)
            shapes.add(type(folded.state).__name__)

    carries()
    state = get_type_hints(aggregate.evolve)["return"]
    assert shapes == {each.__name__ for each in get_args(state) or (state,)}


@given(STEPS, st.integers(1, 7))
def test_the_tail_folds_on_a_snapshot_as_on_the_whole_history(
    steps: Sequence[Step], every: int
) -> None:
    book = life_of(steps).book
    carriers = folded_codecs(SERVICES["ledger"].aggregates, SERVICES["ledger"].codec())
    kinds = {aggregate.kind: aggregate for aggregate in SERVICES["ledger"].aggregates}
    whole: dict[UUID, Folded] = {}
    resumed: dict[UUID, Folded] = {}
    for recorded in book.streams.recorded:
        id, kind = recorded.stream_id, recorded.type.split(".")[1]
        start = before_first_event(kinds[kind])
        whole[id] = folded_with(kinds[kind], whole.get(id, start), recorded.event)
        folded = folded_with(kinds[kind], resumed.get(id, start), recorded.event)
        if folded.version % every == 0:
            folded = carriers[kind].decode(carriers[kind].encode(folded))
        resumed[id] = folded
    assert resumed == whole
