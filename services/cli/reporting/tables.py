"""How tables for people are made: columns of words to the left, of numbers to the right."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table


def table_of(title: str, words: Sequence[str], numbers: Sequence[str]) -> Table:
    table = Table(title=title)
    for name in words:
        table.add_column(name)
    for name in numbers:
        table.add_column(name, justify="right")
    return table


def words(name: str) -> str:
    """'over 90' of 'over_90', '1 to 30' of '1_30'."""
    first, _, rest = name.partition("_")
    return f"{first} to {rest}" if first.isdigit() else name.replace("_", " ")
