"""How an address is written in a request: lines of text, as on an envelope."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from shared.platform.http.models import LongText, fault

ADDRESS_MAX: Final = 500  # characters of a postal address, all lines


def _lines(value: str) -> str:
    if value != value.strip():
        raise fault("invalid_value", "Must neither be blank nor begin or end with a blank.")
    return value


Address = Annotated[LongText, Field(max_length=ADDRESS_MAX), AfterValidator(_lines)]
