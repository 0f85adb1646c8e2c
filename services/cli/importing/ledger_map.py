"""How to read somebody else's ledger file: the TOML map. Refuses a map that leaves a doubt."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.kernel.money import UnknownCurrency, exponent
from shared.kernel.zones import is_of_the_host, zone_names

NET_DAYS_MAX: Final = 3650  # days
MAP_BYTES_MAX: Final = 100_000  # bytes

Encoding = Literal[
    "detect",
    "utf-8",
    "gb18030",
    "big5",
    "shift_jis",
    "euc-kr",
    "iso-8859-1",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1254",
]
ENCODINGS: Final = get_args(Encoding)[1:]

_DATE_PARTS: Final = {
    "YYYY": r"(?P<year>[0-9]{4})",
    "MM": r"(?P<month>[0-9]{2})",
    "M": r"(?P<month>[0-9]{1,2})",
    "DD": r"(?P<day>[0-9]{2})",
    "D": r"(?P<day>[0-9]{1,2})",
}
_DATE_TOKENS: Final = re.compile("YYYY|MM|M|DD|D")


class MapRefused(Exception):
    """The map, or the file as a whole, cannot be read; says why in a sentence."""


def _known_zone(value: str) -> str:
    if is_of_the_host(value):
        raise ValueError("must be the same zone on every machine (time-zone-not-fixed)")
    if value not in zone_names():
        raise ValueError("must be a time zone of the IANA list, such as Asia/Shanghai")
    return value


def _known_currency(value: str) -> str:
    try:
        exponent(value)
    except UnknownCurrency:
        raise ValueError("must be an active ISO 4217 code") from None
    return value


def _date_format(value: str) -> str:
    tokens = sorted(token[0] for token in _DATE_TOKENS.findall(value))
    if tokens != ["D", "M", "Y"]:
        raise ValueError("must name YYYY, M or MM, and D or DD once each, such as M/D/YYYY")
    return value


Column = Annotated[str, Field(min_length=1)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Currency = Annotated[str, AfterValidator(_known_currency)]


class _Section(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class LegalEntity(_Section):
    """Whose ledger it is; registered first where it is not known yet."""

    code: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,19}$")]
    name: Annotated[str, Field(min_length=1, max_length=100)]
    time_zone: Zone
    currency: Currency
    take_over_on: date | None = None  # What happened before it is history.


class Columns(_Section):
    """Which column holds what, by the names in the file's first line."""

    account: Column
    number: Column
    issued_on: Column
    amount: Column
    due_on: Column | None = None
    settled_on: Column | None = None
    currency: Column | None = None
    account_name: Column | None = None

    def named(self) -> dict[str, str]:
        """Column by field, of those that are mapped."""
        return {field: column for field, column in self if column is not None}


class Terms(_Section):
    """For every invoice that says no due date of its own; without, it never becomes due."""

    net_days: Annotated[int, Field(ge=0, le=NET_DAYS_MAX)]


class Payment(_Section):
    """How settlements are booked; the file does not tell."""

    method: Literal[
        "transfer", "cash", "card", "mobile_payment", "check", "acceptance_bill", "set_off"
    ] = "transfer"


class Amounts(_Section):
    """How amounts are written."""

    decimal_mark: Literal[".", ","] = "."
    thousands_mark: Literal["", ",", ".", " ", "'"] = ""

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if self.decimal_mark == self.thousands_mark:
            raise ValueError("decimal_mark and thousands_mark must differ")
        return self


class LedgerMap(_Section):
    """One kind of ledger file."""

    date_format: Annotated[str, AfterValidator(_date_format)]
    encoding: Encoding = "detect"
    delimiter: Annotated[str, Field(min_length=1, max_length=1, pattern=r"^[^\"\r\n]$")] = ","
    currency: Currency | None = None  # Of every line; else the column's, else the entity's.
    legal_entity: LegalEntity
    columns: Columns
    terms: Terms | None = None
    payment: Payment = Payment()
    amounts: Amounts = Amounts()

    @model_validator(mode="after")
    def _says_the_currency_once(self) -> Self:
        if self.currency is not None and self.columns.currency is not None:
            raise ValueError("currency is either a constant or a column")
        return self


def read_map(path: Path) -> LedgerMap:
    """Raises MapRefused with every fault and where it is."""
    try:
        content = path.read_bytes()
        if len(content) > MAP_BYTES_MAX:
            raise MapRefused(f"{path}: more than {MAP_BYTES_MAX} bytes")
        return LedgerMap.model_validate(tomllib.loads(content.decode("utf-8-sig")))
    except OSError as problem:
        raise MapRefused(f"{path}: {problem.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise MapRefused(f"{path}: {problem}") from None
    except ValidationError as problem:
        faults = (
            f"{'.'.join(str(part) for part in fault['loc']) or 'map'}: {fault['msg']}"
            for fault in problem.errors(include_url=False, include_input=False)
        )
        raise MapRefused(f"{path}: {'; '.join(faults)}") from None


def date_pattern(date_format: str) -> re.Pattern[str]:
    """What a day in this format looks like, as named groups year, month and day."""
    pieces, at = [], 0
    for token in _DATE_TOKENS.finditer(date_format):
        pieces += [re.escape(date_format[at : token.start()]), _DATE_PARTS[token[0]]]
        at = token.end()
    return re.compile("".join(pieces) + re.escape(date_format[at:]), re.ASCII)


def read_date(text: str, pattern: re.Pattern[str]) -> date | None:
    """None if it is not written so, or no day of the calendar."""
    found = pattern.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return None
