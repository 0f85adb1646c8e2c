from __future__ import annotations

from collections.abc import Sequence
from dataclasses import make_dataclass
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import pytest

from shared.platform.projector.port import model_of
from shared.platform.projector.rows import Index, row, table_of

KEY = ("tenant_id", "number", "account_id")


def declared(*, key: Sequence[str] = KEY, indexes: Sequence[Index] = (), field: Any = str) -> type:
    """A row with a field of this type, declared so."""
    fields: list[tuple[str, Any]] = [
        ("account_id", UUID),
        ("tenant_id", UUID),
        ("number", str),
        ("parent_id", UUID | None),
        ("color", field),
    ]
    plain = make_dataclass("ThingRow", fields, frozen=True, slots=True, kw_only=True)
    return row(table="thing", key=key, indexes=indexes)(plain)


class TestRow:
    def test_keeps_the_order_of_its_key_whatever_the_order_of_its_fields(self) -> None:
        made = declared()

        assert model_of(made).key_names == KEY
        assert [column.name for column in table_of(made).primary_key] == [*KEY]
        assert [column.name for column in table_of(made).columns] == [
            "account_id", "tenant_id", "number", "parent_id", "color",
        ]  # fmt: skip

    def test_may_be_null_only_where_its_field_may_be_none(self) -> None:
        table = table_of(declared(field=Literal["red", "blue"] | None))

        assert [column.name for column in table.columns if column.nullable] == [
            "parent_id",
            "color",
        ]

    def test_has_its_indexes(self) -> None:
        by_number = Index(("tenant_id", "number"), unique=True)
        table = table_of(declared(indexes=(by_number, Index(("tenant_id", "color")))))

        assert {(index.name, index.unique) for index in table.indexes} == {
            ("thing_tenant_id_number", True),
            ("thing_tenant_id_color", False),
        }

    @pytest.mark.parametrize(
        ("key", "refusal"),
        [
            ((), "must start with tenant_id"),
            (("account_id", "tenant_id"), "must start with tenant_id"),
            (("tenant_id", "size"), "no field size"),
            (("tenant_id", "number", "number"), "number stands twice"),
            (("tenant_id", "parent_id"), "parent_id is of the key and must not be None"),
        ],
    )
    def test_refuses_a_key_that_is_none(self, key: Sequence[str], refusal: str) -> None:
        with pytest.raises(TypeError, match=refusal):
            declared(key=key)

    @pytest.mark.parametrize(
        ("indexes", "refusal"),
        [
            ([Index(("tenant_id", "size"))], "no field size"),
            ([Index(("tenant_id", "color", "color"))], "color stands twice"),
            (
                [Index(("tenant_id", "color")), Index(("tenant_id", "color"), where="true")],
                "two indexes are named thing_tenant_id_color",
            ),
        ],
    )
    def test_refuses_an_index_that_cannot_be(self, indexes: list[Index], refusal: str) -> None:
        with pytest.raises(TypeError, match=refusal):
            declared(indexes=indexes)

    @pytest.mark.parametrize(
        "field", [Decimal, str | int, str | int | None, Literal["red", 1], list[str]]
    )
    def test_refuses_a_field_that_no_column_holds(self, field: Any) -> None:
        with pytest.raises(TypeError, match=r"ThingRow\.color: no column holds"):
            declared(field=field)

    def test_refuses_a_class_that_is_no_dataclass(self) -> None:
        with pytest.raises(TypeError, match="put @row above @dataclass"):
            row(table="thing", key=KEY)(type("Thing", (), {}))
