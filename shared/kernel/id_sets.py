"""Sets of ids that a state can keep thousands of: one more copies a small part of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

PART_IDS_MAX: Final = 64  # ids of a part that is copied; with more, there are twice as many parts


@dataclass(frozen=True, slots=True, eq=False)
class IdSet:
    """An immutable set. Adding to and taking from it cost the same among ten and ten thousand.

    Ids are spread over the parts by their last bits, which are as good as drawn by lot. The number
    of parts is a power of two.
    """

    parts: tuple[frozenset[UUID], ...] = (frozenset(),)

    @classmethod
    def of(cls, ids: Iterable[UUID]) -> IdSet:
        found = cls()
        for id in ids:
            found = found.with_(id)
        return found

    def with_(self, id: UUID) -> IdSet:
        """The set with this id in it."""
        if id in self:
            return self
        at = self._at(id)
        part = self.parts[at] | {id}
        if len(part) <= PART_IDS_MAX:
            return IdSet((*self.parts[:at], part, *self.parts[at + 1 :]))
        return self._spread([*self, id])

    def without(self, ids: Iterable[UUID]) -> IdSet:
        """The set with none of these ids in it."""
        gone: dict[int, set[UUID]] = {}
        for id in ids:
            gone.setdefault(self._at(id), set()).add(id)
        parts = list(self.parts)
        for at, some in gone.items():
            parts[at] = parts[at] - some
        return IdSet(tuple(parts)) if any(parts) else IdSet()

    def __contains__(self, id: UUID) -> bool:
        return id in self.parts[self._at(id)]

    def __iter__(self) -> Iterator[UUID]:
        for part in self.parts:
            yield from part

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __bool__(self) -> bool:
        return any(self.parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IdSet) and frozenset(self) == frozenset(other)

    def __hash__(self) -> int:
        return hash(frozenset(self))

    def _at(self, id: UUID) -> int:
        return id.int & (len(self.parts) - 1)

    def _spread(self, ids: Iterable[UUID]) -> IdSet:
        """The same ids in twice as many parts."""
        parts: list[set[UUID]] = [set() for _ in range(2 * len(self.parts))]
        for id in ids:
            parts[id.int & (len(parts) - 1)].add(id)
        return IdSet(tuple(map(frozenset, parts)))


NO_IDS: Final = IdSet()
