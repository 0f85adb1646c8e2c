"""How addresses are written in a request: of letters in lines, of e-mail as it can be sent to."""

from __future__ import annotations

from typing import Annotated, Final

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field, WithJsonSchema

from shared.platform.http.models import LongText, fault

ADDRESS_MAX: Final = 500  # characters of a postal address, all lines
EMAIL_MAX: Final = 254  # characters of an e-mail address, as in RFC 5321


def _lines(value: str) -> str:
    if value != value.strip():
        raise fault("invalid_value", "Must neither be blank nor begin or end with a blank.")
    return value


def _can_be_sent_to(value: str) -> str:
    """Asks nobody whether the domain is there. Names for examples and tests may be used."""
    try:
        found = validate_email(
            value, check_deliverability=False, strict=True, test_environment=True
        )
    except EmailNotValidError:
        raise fault(
            "email_address_invalid", "Must be one e-mail address such as name@company.example."
        ) from None
    return found.normalized


Address = Annotated[LongText, Field(max_length=ADDRESS_MAX), AfterValidator(_lines)]
Email = Annotated[
    str,
    Field(max_length=EMAIL_MAX),
    AfterValidator(_can_be_sent_to),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": EMAIL_MAX}),
]
