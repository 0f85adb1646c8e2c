"""A row declares its table; what PostgreSQL would mix up is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import pytest

from shared.platform.projector.rows import INDEX_NAME_CHARACTERS_MAX, Index, row, table_of

LONG: Final = "a_name_that_is_as_long_as_what_postgresql_leaves_of_any_other"


def declare(*indexes: Index) -> type:
    @row(table=LONG, key=("tenant_id", "id"), indexes=indexes)
    @dataclass(frozen=True, slots=True, kw_only=True)
    class LongRow:
        tenant_id: UUID
        id: UUID
        first: int
        second: int

    return LongRow


class TestRow:
    def test_cuts_the_name_of_an_index_where_postgresql_would(self) -> None:
        (index,) = table_of(declare(Index(("tenant_id", "first")))).indexes

        assert len(str(index.name)) == INDEX_NAME_CHARACTERS_MAX
        assert [column.name for column in index.columns] == ["tenant_id", "first"]

    def test_refuses_two_indexes_that_have_one_name_when_cut(self) -> None:
        with pytest.raises(TypeError, match=f"named {LONG[:INDEX_NAME_CHARACTERS_MAX]}"):
            declare(Index(("tenant_id", "first")), Index(("tenant_id", "second")))
