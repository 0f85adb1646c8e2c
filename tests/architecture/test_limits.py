"""Every limit has a name, a unit and a reason, and stands in deploy/limits.md."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.support.committed import committed

ROOT: Final = Path(__file__).parents[2]
TABLE: Final = ROOT / "deploy/limits.md"
FOLDERS: Final = ("services", "shared", "deploy")

IS_LIMIT: Final = re.compile(r"_?[A-Z][A-Z0-9_]*_(?:MAX|MIN|S|MS)")
UNIT_IN_NAME: Final = re.compile(r"_(?P<unit>S|MS)(?:_MAX|_MIN)?$")
SCALARS: Final = (ast.Constant, ast.UnaryOp, ast.BinOp, ast.IfExp, ast.Call)
HEAD: Final = """\
# Limits

Made from the source by `make golden`. To change one, change the constant.

| limit | value | unit, reason | where |
|---|---|---|---|
"""


class Limit(NamedTuple):
    name: str
    value: str
    comment: str
    where: str

    @property
    def row(self) -> str:
        return f"| {self.name} | {self.value} | {self.comment} | `{self.where}` |\n"


def limits_of(source: str, where: str) -> Iterator[Limit]:
    """Constants of a module whose names say a limit, if they are numbers, days or spans."""
    comments = _comments(source)
    for node in ast.parse(source).body:
        if not isinstance(node, ast.AnnAssign | ast.Assign):
            continue
        target: ast.expr = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
        value = node.value
        if not isinstance(target, ast.Name) or not isinstance(value, SCALARS):
            continue
        if IS_LIMIT.fullmatch(target.id):
            line = comments.get(node.lineno) or comments.get(-node.lineno, "")
            yield Limit(target.id, _shown(target.id, value), line.replace("|", "/"), where)


def _comments(source: str) -> Mapping[int, str]:
    """By line: beside the code; by minus the line below: one that stands alone above the code."""
    found: dict[int, str] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, alone = token.start[0], not token.line[: token.start[1]].strip()
            text = token.string.removeprefix("#").strip()
            if alone:
                found[-row - 1] = f"{found.pop(-row, '')} {text}".strip()
            else:
                found[row] = text
    return found


def _shown(name: str, value: ast.expr) -> str:
    unit = UNIT_IN_NAME.search(name)
    text = ast.unparse(value)
    if isinstance(value, ast.Constant) and isinstance(value.value, int):
        text = f"{value.value:,}"
    return f"{text} {unit['unit'].lower()}" if unit else text


LIMITS: Final = [
    limit
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.py"))
    for limit in limits_of(path.read_text("utf-8"), str(path.relative_to(ROOT)))
]


def test_the_table_has_every_limit_of_the_code() -> None:
    made = HEAD + "".join(limit.row for limit in LIMITS)

    assert committed(TABLE, made) == made


def test_every_limit_says_its_unit_or_its_reason() -> None:
    assert [f"{limit.where}: {limit.name}" for limit in LIMITS if not limit.comment] == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("ROWS_MAX: Final = 2_000  # of one poll", ("ROWS_MAX", "2,000", "of one poll")),
        (
            "POLL_S: Final = 0.25  # when nobody notifies",
            ("POLL_S", "0.25 s", "when nobody notifies"),
        ),
        ("WAIT_S_MAX = 9\n", ("WAIT_S_MAX", "9 s", "")),
        ("# one\n# two\nA_MAX: Final = 2**30\n", ("A_MAX", "2 ** 30", "one two")),
        ("# about something else\n\nA_MIN: Final = -1\n", ("A_MIN", "-1", "")),
    ],
)
def test_a_limit_is_read_with_the_comment_beside_it(
    source: str, expected: tuple[str, str, str]
) -> None:
    assert [limit[:3] for limit in limits_of(source, "x.py")] == [expected]


@pytest.mark.parametrize(
    "source", ["NAMES_S: Final = (1, 2)", "PORT: Final = 5432", "class A:\n    B_MAX = 1"]
)
def test_what_is_no_limit_is_left_out(source: str) -> None:
    assert list(limits_of(source, "x.py")) == []
