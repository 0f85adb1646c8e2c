"""Reads request bodies: strict, closed, and exact about what is wrong with them.

Values become what the domain speaks (Money, date, UUID); nothing is coerced, nothing is guessed.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, ClassVar, Final
from unicodedata import normalize
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from shared.kernel.ids import stream_id
from shared.kernel.money import (
    MINOR_MAX,
    AmountMalformed,
    AmountTooLarge,
    AmountTooPrecise,
    Money,
    UnknownCurrency,
    exponent,
)
from shared.kernel.texts import has_controls, hides_something, number_of
from shared.kernel.zones import is_of_the_host, zone_names

SHORT_TEXT_MAX: Final = 100  # characters of a number, a code, a name
LONG_TEXT_MAX: Final = 2000  # characters of a note
CODE_MAX: Final = 20  # characters of a legal entity's code
WHOLE_NUMBER_MAX: Final = 2**31 - 1  # of a number asked for; a larger one fits no column
DAY_MIN: Final = date(1900, 1, 1)  # no business date is earlier
DAY_MAX: Final = date(2199, 12, 31)  # later days are typing errors

_YEARS_TEXT: Final = "^(19|20|21)"  # As schemas say DAY_MIN and DAY_MAX.
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def fault(code: str, detail: str) -> PydanticCustomError:
    """A fault of its own name: `code` is a slug of the problem types with underscores."""
    return PydanticCustomError(code, detail)


def read_day(value: object) -> date:
    """Reads YYYY-MM-DD and nothing else."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise fault("invalid_value", "Must be a day, written YYYY-MM-DD.")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise fault("invalid_value", "Is not a day of the calendar.") from None
    if not DAY_MIN <= day <= DAY_MAX:
        raise fault("invalid_value", f"Must be between {DAY_MIN} and {DAY_MAX}.")
    return day


def read_instant(value: object) -> datetime:
    """Reads RFC 3339 with its offset; gives UTC."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise fault("invalid_value", "Must be an instant, written 2026-01-31T08:00:00Z.")
    try:
        instant = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise fault("invalid_value", "Is not an instant of the calendar.") from None
    if not DAY_MIN <= instant.date() <= DAY_MAX:
        raise fault("invalid_value", f"Must be between {DAY_MIN} and {DAY_MAX}.")
    return instant


def read_id(value: object) -> UUID:
    """Reads the usual text of a UUID, and none of its other spellings."""
    if isinstance(value, UUID):
        return value
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise fault("invalid_value", "Must be an id as it was answered (a UUID).")
    return UUID(value)


def _clean_line(value: str) -> str:
    if hides_something(value):
        raise fault("character_not_allowed", "Must not contain control or invisible characters.")
    if value != value.strip() or not value:
        raise fault("invalid_value", "Must neither be blank nor begin or end with a blank.")
    return normalize("NFC", value)


def _clean_text(value: str) -> str:
    if has_controls(value):
        raise fault("character_not_allowed", "Must not contain control characters.")
    return normalize("NFC", value)


def _plain_number(value: object) -> object:
    """Before the length is judged: one character may become eighteen."""
    return number_of(value) if isinstance(value, str) else value


def _known_zone(value: str) -> str:
    if is_of_the_host(value):
        raise fault("time_zone_not_fixed", "Must be the same zone on every machine.")
    if value not in zone_names():
        raise fault("invalid_value", "Must be a time zone of the IANA list, such as Asia/Shanghai.")
    return value


def _known_currency(value: str) -> str:
    try:
        exponent(value)
    except UnknownCurrency:
        raise fault("unknown_currency", "Must be an active ISO 4217 code.") from None
    return value


Day = Annotated[
    date,
    BeforeValidator(read_day),
    WithJsonSchema({"type": "string", "format": "date", "pattern": _YEARS_TEXT}),
]
Instant = Annotated[
    datetime,
    BeforeValidator(read_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": _YEARS_TEXT}),
]
Id = Annotated[UUID, BeforeValidator(read_id), WithJsonSchema({"type": "string", "format": "uuid"})]
ShortText = Annotated[
    str, Field(min_length=1, max_length=SHORT_TEXT_MAX), AfterValidator(_clean_line)
]
Number = Annotated[ShortText, BeforeValidator(_plain_number)]
"""A business number (of an account, an invoice, a payment): ShortText as numbers are compared."""
LongText = Annotated[
    str, Field(min_length=1, max_length=LONG_TEXT_MAX), AfterValidator(_clean_text)
]
Code = Annotated[str, Field(pattern=rf"^[A-Za-z0-9][A-Za-z0-9_.-]{{0,{CODE_MAX - 1}}}$")]
TimeZone = Annotated[str, AfterValidator(_known_zone)]
Currency = Annotated[
    str,
    AfterValidator(_known_currency),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["CNY"]}),
]
WholeNumber = Annotated[int, Field(ge=-WHOLE_NUMBER_MAX, le=WHOLE_NUMBER_MAX)]


class RequestBody(BaseModel):
    """Strict and closed: an unknown field is a fault, and 1 is not "1"."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class MoneyIn(RequestBody):
    """{"amount": "1234.50", "currency": "CNY"}, above zero."""

    zero_allowed: ClassVar[bool] = False

    currency: Currency  # Before the amount, whose decimals it rules.
    amount: str

    @field_validator("amount")
    @classmethod
    def _fits(cls, value: str, info: ValidationInfo) -> str:
        currency = info.data.get("currency")
        if currency is None:
            return value  # Said already.
        try:
            money = Money.of(value, currency)
        except AmountMalformed:
            raise fault("invalid_value", "Must be a decimal text such as 1234.50.") from None
        except AmountTooPrecise:
            raise fault(
                "amount_scale", "Has digits other than zero behind the decimals of the currency."
            ) from None
        except AmountTooLarge:
            raise fault(
                "invalid_value", f"Must not exceed {MINOR_MAX} minor units of the currency."
            ) from None
        if money.minor < 0 and cls.zero_allowed:
            raise fault("amount_not_positive", "Must be zero or above.")
        if money.minor <= 0 and not cls.zero_allowed:
            raise fault("amount_not_positive", "Must be above zero.")
        return value

    def money(self) -> Money:
        return Money.of(self.amount, self.currency)


class MoneyOrZeroIn(MoneyIn):
    """As MoneyIn, but zero is allowed too (a limit of nothing)."""

    zero_allowed: ClassVar[bool] = True


class AccountRef(RequestBody):
    """Either {"id"} or {"legal_entity", "number"}."""

    id: Id | None = None
    legal_entity: Code | None = None
    number: Number | None = None

    @model_validator(mode="after")
    def _names_one(self) -> AccountRef:
        by_number = self.legal_entity is not None and self.number is not None
        halves = self.legal_entity is not None or self.number is not None
        if by_number == (self.id is not None) or (halves and not by_number):
            raise fault("invalid_value", 'Must hold either "id" or "legal_entity" and "number".')
        return self

    def resolve(self, tenant_id: UUID, kind: str = "account") -> UUID:
        """The stream meant, there or not."""
        if self.id is not None:
            return self.id
        return stream_id(tenant_id, self.legal_entity or "", kind, self.number or "")


class ThingRef(RequestBody):
    """Either {"id"} or {"number"}; the legal entity is known from the resource acted on."""

    id: Id | None = None
    number: Number | None = None

    @model_validator(mode="after")
    def _names_one(self) -> ThingRef:
        if (self.id is None) == (self.number is None):
            raise fault("invalid_value", 'Must hold either "id" or "number".')
        return self

    def resolve(self, tenant_id: UUID, legal_entity: str, kind: str) -> UUID:
        """The stream meant, there or not."""
        if self.id is not None:
            return self.id
        return stream_id(tenant_id, legal_entity, kind, self.number or "")
