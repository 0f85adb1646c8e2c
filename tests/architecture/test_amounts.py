"""Amounts of two currencies are never added. If one fails, change the code, not the test."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import make_dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest

from shared.platform.projector.rows import is_amount, row
from tests.architecture.test_tidy import MODULES, source_of

# The two places that add minor units: each looks at the currency of what it adds.
ADD_IN_SQL: Final = Path("shared/platform/projector/sums.py")
ADD_IN_PYTHON: Final = Path("shared/kernel/money.py")
AGGREGATES: Final = {"sum", "avg"}


def _called(node: ast.Call) -> str:
    """`func.sum` of `sa.func.sum(...)`, `sum` of `sum(...)`."""
    return ".".join(ast.unparse(node.func).split(".")[-2:])


def _names_an_amount(node: ast.AST) -> bool:
    """Whether minor units stand in it: an attribute, a name, or a column by its name."""
    found = (
        each.attr
        if isinstance(each, ast.Attribute)
        else each.id
        if isinstance(each, ast.Name)
        else each.value
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute | ast.Name | ast.Constant)
    )
    return any(isinstance(name, str) and is_amount(name) for name in found)


def additions(source: str) -> Iterator[str]:
    """Where minor units of two rows meet without anybody having looked at their currencies."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call() if _called(node) in {f"func.{name}" for name in AGGREGATES}:
                yield f"{node.lineno}: an aggregate of SQL outside of sums.py"
            case ast.Call() if _called(node) in {"sum", "fsum", "math.fsum", "mean"}:
                if any(map(_names_an_amount, node.args)):
                    yield f"{node.lineno}: a sum of minor units, not of Money"
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                if _names_an_amount(node.left) and _names_an_amount(node.right):
                    yield f"{node.lineno}: minor units added, not Money"
            case ast.AugAssign(op=ast.Add() | ast.Sub()) if _names_an_amount(node.value):
                yield f"{node.lineno}: minor units added up, not Money"


@pytest.mark.parametrize(
    "module", [each for each in MODULES if each not in {ADD_IN_SQL, ADD_IN_PYTHON}], ids=str
)
def test_minor_units_are_added_where_their_currency_is_looked_at(module: Path) -> None:
    assert list(additions(source_of(module))) == []


@pytest.mark.parametrize(
    "line",
    [
        "total = sa.func.sum(row.minor)",
        "total = func.sum(each)",
        "total = sa.func.avg(_item.c.open_minor)",
        "total = sum(each.amount_minor for each in rows)",
        "total = sum(row['open_minor'] for row in rows)",
        "total = known.open_minor + move.minor",
        "total = Money(row['owed_minor'] - row['given_minor'], currency)",
        "total += each.minor * days",
    ],
)
def test_an_addition_of_minor_units_is_found(line: str) -> None:
    assert len(list(additions(line))) == 1


@pytest.mark.parametrize("name", ["minor", "open_minor"])
def test_a_row_with_an_amount_has_a_currency(name: str) -> None:
    fields = [("tenant_id", UUID), (name, int)]
    alone = make_dataclass("ToyRow", fields)
    dressed = make_dataclass("ToyRow", [*fields, ("currency", str)])

    with pytest.raises(TypeError, match="has an amount and no field currency"):
        row(table="toy", key=["tenant_id"])(alone)
    assert row(table="toy", key=["tenant_id"])(dressed) is dressed
