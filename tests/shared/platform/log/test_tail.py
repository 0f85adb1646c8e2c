"""What is remembered of the log is what was appended, and no more than may be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.platform.log.port import LogRecord, NewRecord, TopicPartition
from shared.platform.log.records import size_of
from shared.platform.log.tail import Stretches, Tail

PLACES = [TopicPartition("topic", n) for n in range(3)]
BYTES_MAX = 40


def record(size: int) -> NewRecord:
    return NewRecord(b"", b"x" * size, {})


Appends = st.lists(st.tuples(st.sampled_from(PLACES), st.lists(st.integers(1, 15), max_size=6)))


@given(Appends)
def test_gives_the_latest_records_in_order_and_keeps_to_its_bytes(
    appends: list[tuple[TopicPartition, list[int]]],
) -> None:
    tail, written = Tail(BYTES_MAX), {at: list[NewRecord]() for at in PLACES}
    for at, sizes in appends:
        tail.appended(at, len(written[at]), [record(size) for size in sizes])
        written[at] += [record(size) for size in sizes]

    held = 0
    for at, all_of_it in written.items():
        found = [tail.read(at, offset, 1) for offset in range(len(all_of_it))]
        known = [offset for offset, one in enumerate(found) if one]
        assert known == list(range(len(all_of_it)))[len(all_of_it) - len(known) :]
        assert [tuple(found[n][0])[1:] for n in known] == [all_of_it[n] for n in known]
        held += sum(size_of(all_of_it[n]) for n in known)
    assert held <= BYTES_MAX


def test_gives_no_more_than_was_asked_for() -> None:
    tail = Tail()
    tail.appended(PLACES[0], 5, [record(1)] * 4)

    assert [one.offset for one in tail.read(PLACES[0], 6, 2)] == [6, 7]
    assert [one.offset for one in tail.read(PLACES[0], 7, 9)] == [7, 8]
    assert tail.end(PLACES[0]) == 9


def test_knows_nothing_before_a_gap() -> None:
    tail = Tail()
    tail.appended(PLACES[0], 0, [record(1)])
    tail.appended(PLACES[0], 4, [record(1)])

    assert tail.read(PLACES[0], 0, 9) == ()
    assert [one.offset for one in tail.read(PLACES[0], 4, 9)] == [4]


def test_forgets_across_partitions_what_is_oldest() -> None:
    tail = Tail(bytes_max=10)
    tail.appended(PLACES[0], 0, [record(6)])
    tail.appended(PLACES[1], 0, [record(3)])
    tail.appended(PLACES[2], 0, [record(3)])

    assert tail.read(PLACES[0], 0, 9) == ()
    assert [len(tail.read(at, 0, 9)) for at in PLACES[1:]] == [1, 1]


Reads = st.lists(
    st.tuples(st.sampled_from(PLACES), st.integers(0, 30), st.integers(0, 6)), max_size=30
)


def stored(at: TopicPartition, offset: int) -> LogRecord:
    return LogRecord(offset, b"", f"{at.partition} {offset}".encode(), {})


@given(Reads)
def test_gives_those_who_follow_what_was_read_before(
    reads: list[tuple[TopicPartition, int, int]],
) -> None:
    stretches = Stretches(BYTES_MAX)
    for at, start, length in reads:
        stretches.add(at, [stored(at, offset) for offset in range(start, start + length)])

    held = 0
    for at in PLACES:
        for offset in range(40):
            found = stretches.read(at, offset, 9)
            assert found == [stored(at, offset + n) for n in range(len(found))] or found == ()
            held += sum(len(one.value) for one in found[:1])
    assert held <= BYTES_MAX


def test_goes_on_with_a_stretch_and_begins_another_after_a_gap() -> None:
    stretches = Stretches()
    stretches.add(PLACES[0], [stored(PLACES[0], 3), stored(PLACES[0], 4)])
    stretches.add(PLACES[0], [stored(PLACES[0], 5)])
    assert [one.offset for one in stretches.read(PLACES[0], 3, 9)] == [3, 4, 5]

    stretches.add(PLACES[0], [stored(PLACES[0], 7)])
    assert stretches.read(PLACES[0], 3, 9) == ()
    assert [one.offset for one in stretches.read(PLACES[0], 7, 9)] == [7]
