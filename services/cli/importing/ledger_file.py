"""A CSV of invoices with their settlement becomes lines to import; each refused line says why.

Pure but for `read_file`. What cannot be read is refused alone, with its line, field and rule; a
file without the mapped columns is refused as a whole.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple
from unicodedata import normalize

from services.cli.importing.ledger_map import (
    ENCODINGS,
    Encoding,
    LedgerMap,
    MapRefused,
    date_pattern,
    read_date,
)
from shared.kernel.money import (
    AmountMalformed,
    AmountTooLarge,
    AmountTooPrecise,
    Money,
    UnknownCurrency,
)
from shared.kernel.texts import hides_something, number_of

FILE_BYTES_MAX: Final = 256 * 2**20  # bytes
LINES_MAX: Final = 1_000_000  # lines of one import
TEXT_MAX: Final = 100  # characters of a number or a name, as the services have it

_UNDECODED: Final = re.compile("[\udc80-\udcff]")
_WIDE_TEXT: Final = (b"\xff\xfe", b"\xfe\xff")  # Byte order marks of UTF-16.


class Refusal(NamedTuple):
    """Why a line did not go in."""

    line: int  # Of the file; the first is 1.
    field: str
    rule: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One invoice as the file has it."""

    line: int
    account: str
    account_name: str
    number: str
    amount: Money
    issued_on: date
    due_on: date | None  # None: the terms say it.
    settled_on: date | None


@dataclass(frozen=True, slots=True)
class LedgerFile:
    lines: tuple[Line, ...]
    refusals: tuple[Refusal, ...]


class _Broken(Exception):
    def __init__(self, field: str, rule: str, detail: str = "") -> None:
        super().__init__(rule)
        self.refusal = (field, rule, detail)


def read_file(path: Path, ledger_map: LedgerMap) -> LedgerFile:
    """Raises MapRefused when the file as a whole cannot be read."""
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise MapRefused(f"{path}: more than {FILE_BYTES_MAX} bytes")
        content = path.read_bytes()
    except OSError as problem:
        raise MapRefused(f"{path}: {problem.strerror}") from None
    return read_lines(decode(content, ledger_map), ledger_map)


def decode(content: bytes, ledger_map: LedgerMap) -> str:
    """The text. A byte that is none becomes a lone surrogate, so that only its line is refused.

    Raises MapRefused where the encoding would have to be guessed.
    """
    if content.startswith(_WIDE_TEXT):
        raise MapRefused("the file is UTF-16; save it as UTF-8")
    content = content.removeprefix(b"\xef\xbb\xbf")
    encoding = ledger_map.encoding
    if encoding == "detect":
        encoding = _detect(content, ledger_map.columns.named().values())
    return content.decode(encoding, errors="surrogateescape")


def _detect(content: bytes, columns: Iterable[str]) -> Encoding:
    """UTF-8 where it is; GB18030 where a column named in the map reads so.

    Nearly every text of single bytes (a "Müller" in Latin-1, all of Cyrillic) is GB18030 as well,
    to the letter, so without such a proof a person must say what it is.
    """
    as_utf8 = content.decode("utf-8", errors="surrogateescape")
    undecoded = len(_UNDECODED.findall(as_utf8))
    if sum(not character.isascii() for character in as_utf8) > 2 * undecoded or undecoded == 0:
        return "utf-8"
    header = content.partition(b"\n")[0].decode("gb18030", errors="surrogateescape")
    if any(name in header for name in columns if not name.isascii()):
        return "gb18030"
    raise MapRefused(
        f"encoding-unknown: not UTF-8; say its encoding in the map, one of {', '.join(ENCODINGS)}"
    )


def read_lines(text: str, ledger_map: LedgerMap) -> LedgerFile:
    records = _records(text, ledger_map.delimiter)
    _, header = next(records, (1, None))
    if not isinstance(header, list):
        raise MapRefused("the file has no first line with column names")
    reader = _Reader(ledger_map, _positions(header, ledger_map.columns.named()), len(header))
    for count, (number, record) in enumerate(records):
        if count >= LINES_MAX:
            raise MapRefused(f"the file has more than {LINES_MAX} lines")
        reader.take(number, record)
    return LedgerFile(tuple(reader.lines), tuple(reader.refusals))


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Line number and cells; a fault of the CSV itself instead of cells. Blank lines are none."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:  # Ended by the text's end.
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            yield number, str(fault)
        else:
            if any(cell.strip() for cell in cells):
                yield number, cells


def _positions(header: Iterable[str], columns: Mapping[str, str]) -> dict[str, int]:
    names = [name.strip() for name in header]
    absent = sorted(column for column in columns.values() if column not in names)
    if absent:
        raise MapRefused(f"the file has no column named {', '.join(absent)}")
    twice = sorted(column for column in set(columns.values()) if names.count(column) > 1)
    if twice:
        raise MapRefused(f"the file has two columns named {', '.join(twice)}")
    return {field: names.index(column) for field, column in columns.items()}


@dataclass(slots=True)
class _Reader:
    ledger_map: LedgerMap
    positions: Mapping[str, int]
    width: int
    lines: list[Line] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        self.pattern = date_pattern(self.ledger_map.date_format)

    def take(self, number: int, record: list[str] | str) -> None:
        if isinstance(record, str):
            self.refusals.append(Refusal(number, "", "malformed-csv", record))
            return
        try:
            self.lines.append(self._line(number, record))
        except _Broken as broken:
            self.refusals.append(Refusal(number, *broken.refusal))

    def _line(self, number: int, record: list[str]) -> Line:
        if any(_UNDECODED.search(cell) for cell in record):
            raise _Broken("", "undecodable-text", "not in the encoding of the file")
        if len(record) != self.width:
            raise _Broken("", "wrong-number-of-columns", f"{len(record)} instead of {self.width}")
        invoice_number = self._number(record, "number")
        line = Line(
            line=number,
            account=self._number(record, "account"),
            account_name=self._cell(record, "account_name")[:TEXT_MAX],
            number=invoice_number,
            amount=self._money(record),
            issued_on=self._needed_date(record, "issued_on"),
            due_on=self._date(record, "due_on"),
            settled_on=self._date(record, "settled_on"),
        )
        if line.due_on is not None and line.due_on < line.issued_on:
            raise _Broken("due_on", "due-date-precedes-issue-date")
        if line.settled_on is not None and line.settled_on < line.issued_on:
            raise _Broken("settled_on", "settlement-precedes-issue-date")
        first = self.seen.setdefault(invoice_number, number)
        if first != number:
            raise _Broken("number", "duplicate-number", f"also in line {first}")
        return line

    def _cell(self, record: list[str], name: str) -> str:
        at = self.positions.get(name)
        if at is None:
            return ""
        if hides_something(record[at].strip()):
            raise _Broken(name, "character-not-allowed", "a control or invisible character")
        return normalize("NFC", record[at].strip())

    def _number(self, record: list[str], name: str) -> str:
        return self._within_limit(number_of(self._cell(record, name)), name)

    def _text(self, record: list[str], name: str) -> str:
        return self._within_limit(self._cell(record, name), name)

    def _within_limit(self, text: str, name: str) -> str:
        if not text:
            raise _Broken(name, "missing-value")
        if len(text) > TEXT_MAX:
            raise _Broken(name, "invalid-value", f"more than {TEXT_MAX} characters")
        return text

    def _date(self, record: list[str], name: str) -> date | None:
        text = self._cell(record, name)
        if not text:
            return None
        day = read_date(text, self.pattern)
        if day is None:
            raise _Broken(name, "invalid-date", f"not a day written {self.ledger_map.date_format}")
        return day

    def _needed_date(self, record: list[str], name: str) -> date:
        day = self._date(record, name)
        if day is None:
            raise _Broken(name, "missing-value")
        return day

    def _money(self, record: list[str]) -> Money:
        amounts = self.ledger_map.amounts
        text = self._text(record, "amount")
        if amounts.thousands_mark:
            text = text.replace(amounts.thousands_mark, "")
        if amounts.decimal_mark != ".":
            text = text.replace(".", "?").replace(amounts.decimal_mark, ".")
        try:
            amount = Money.of(text, self._currency(record))
        except UnknownCurrency:
            raise _Broken("currency", "unknown-currency") from None
        except AmountTooPrecise:
            raise _Broken("amount", "amount-scale", "more digits than the currency has") from None
        except (AmountMalformed, AmountTooLarge):
            raise _Broken("amount", "invalid-amount") from None
        if amount.minor <= 0:
            raise _Broken("amount", "amount-not-positive")
        return amount

    def _currency(self, record: list[str]) -> str:
        if self.ledger_map.columns.currency is not None:
            return self._text(record, "currency")
        return self.ledger_map.currency or self.ledger_map.legal_entity.currency
