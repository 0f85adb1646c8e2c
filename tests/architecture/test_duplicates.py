"""No ten lines of code stand in two services, to the letter or alike but for names."""

from __future__ import annotations

import ast
import io
import keyword
import tokenize
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from services.cli.installed import SERVICES

ROOT: Final = Path(__file__).parents[2]
LINES_MAX: Final = 9  # that may stand alike in two services
_SPACE: Final = frozenset(
    (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING)
)


class Run(NamedTuple):
    """Lines of one file that stand in a file of another service too."""

    first: str
    second: str
    lines: int


def shapes(source: str) -> Sequence[tuple[int, str]]:
    """Each line of code with its number, names and values left out; no declarations."""
    lines: dict[int, list[str]] = defaultdict(list)
    declared = set(_declarations(ast.parse(source)))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in _SPACE or token.type == tokenize.ENDMARKER or token.start[0] in declared:
            continue
        lines[token.start[0]].append(_shape(token))
    found = []
    for number, parts in sorted(lines.items()):
        text = " ".join(part for part in parts if part)
        if not any(c.isalnum() for c in text):
            continue
        if text != "value":  # A docstring, or a line of one.
            found.append((number, text))
    return found


def _declarations(module: ast.Module) -> Iterator[int]:
    """Lines that say what there is and not what is done: imports, fields, what an area has."""
    for node in ast.walk(module):
        parts: list[ast.stmt | ast.expr] = []
        if isinstance(node, ast.Import | ast.ImportFrom):
            parts = [node]
        elif isinstance(node, ast.ClassDef):
            fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
            parts = [*node.decorator_list, *fields]
        elif isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "AREA":
            parts = [node]
        for part in parts:
            yield from range(part.lineno, (part.end_lineno or part.lineno) + 1)


def _shape(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.NAME:
        return token.string if keyword.iskeyword(token.string) else "name"
    if token.type in (tokenize.STRING, tokenize.NUMBER):
        return "value"
    return token.string.strip()


def runs(files: Mapping[str, Mapping[str, str]]) -> Iterator[Run]:
    """Runs of more than LINES_MAX lines alike in two services: service -> path -> source."""
    places: dict[tuple[str, ...], list[tuple[str, str, int]]] = defaultdict(list)
    for service, sources in files.items():
        for path, source in sources.items():
            code = shapes(source)
            for at in range(len(code) - LINES_MAX):
                window = code[at : at + LINES_MAX + 1]
                key = tuple(text for _, text in window)
                if len(set(key)) > LINES_MAX // 3:  # A table of values is no logic.
                    places[key].append((service, path, window[0][0]))
    seen: set[tuple[str, str]] = set()
    for found in places.values():
        for service, path, line in found:
            for other, second, second_line in found:
                if service < other and (path, second) not in seen:
                    seen.add((path, second))
                    yield Run(f"{path}:{line}", f"{second}:{second_line}", LINES_MAX + 1)


def test_no_ten_lines_stand_in_two_services() -> None:
    files = {
        service: {
            str(path.relative_to(ROOT)): path.read_text("utf-8")
            for path in sorted((ROOT / "services" / service).rglob("*.py"))
            if "migrations" not in path.parts
        }
        for service in SERVICES
    }

    assert list(runs(files)) == []


def test_lines_alike_but_for_names_are_found() -> None:
    def story(function: str, variable: str) -> str:
        head = [f"def {function}({variable}, limit=7):"]
        body = [f"    {variable} = {'(' * n}{variable}{')' * n} + {n}" for n in range(LINES_MAX)]
        return "\n".join([*head, *body, f"    return {variable}"])

    alike = {"credit": {"a.py": story("add", "x")}, "ledger": {"b.py": story("plus", "value_y")}}
    apart = {"credit": {"a.py": story("add", "x")}, "ledger": {"b.py": "y = 1\n" * 20}}

    assert [run[:2] for run in runs(alike)] == [("a.py:1", "b.py:1")]
    assert list(runs(apart)) == []
