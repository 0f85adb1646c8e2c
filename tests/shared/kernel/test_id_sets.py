"""A set of ids is what Python's is, and one more id copies a few of them."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.id_sets import PART_IDS_MAX, IdSet
from shared.kernel.ids import derived

IDS = st.integers(0, 400).map(lambda n: UUID(int=n))


class TestIdSet:
    @given(st.lists(st.tuples(st.booleans(), st.lists(IDS, max_size=200)), max_size=20))
    def test_is_what_a_set_is(self, steps: list[tuple[bool, list[UUID]]]) -> None:
        ours, theirs = IdSet(), frozenset[UUID]()
        for adds, ids in steps:
            if adds:
                for id in ids:
                    ours = ours.with_(id)
                theirs |= set(ids)
            else:
                ours, theirs = ours.without(ids), theirs - set(ids)
            assert frozenset(ours) == theirs
            assert (len(ours), bool(ours)) == (len(theirs), bool(theirs))
            assert ours == IdSet.of(theirs)
            assert hash(ours) == hash(IdSet.of(theirs))
            assert all((UUID(int=n) in ours) == (UUID(int=n) in theirs) for n in range(401))

    def test_leaves_the_one_before_as_it_is(self) -> None:
        before = IdSet.of([UUID(int=1)])
        before.with_(UUID(int=2))
        before.without([UUID(int=1)])
        assert list(before) == [UUID(int=1)]

    def test_shares_all_parts_but_one_with_the_one_before(self) -> None:
        many = IdSet.of(derived(UUID(int=9), n) for n in range(10_000))
        more = many.with_(UUID(int=5))
        copied = [
            len(part)
            for part, other in zip(more.parts, many.parts, strict=True)
            if part is not other
        ]
        assert len(copied) == 1
        assert copied[0] <= PART_IDS_MAX

    def test_is_empty_in_one_part(self) -> None:
        ids = [UUID(int=n) for n in range(500)]
        assert IdSet.of(ids).without(ids).parts == (frozenset(),)

    def test_is_no_other_kind_of_set(self) -> None:
        assert IdSet() != frozenset()
