"""Whether a notice can reach anybody: which addresses can be used. Pure."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from services.dunning.strategies.domain.dunning_plan import LETTER

LOCAL_CHARS_MAX: Final = 64  # before the @, by RFC 5321
DOMAIN_CHARS_MAX: Final = 253  # of a name in the DNS, as text

_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL: Final = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_LABEL: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


class NoAddress(StrEnum):
    """Why nobody can be reached."""

    MISSING = "no_address"
    NOT_USABLE = "address_not_usable"


def no_address(channel: str, *, email: str, postal_address: str) -> NoAddress | None:
    """Why a notice on this channel reaches nobody; None: it can be sent."""
    address = postal_address if channel == LETTER else email
    if not address.strip():
        return NoAddress.MISSING
    if channel != LETTER and usable_email(email) is None:
        return NoAddress.NOT_USABLE
    return None


def usable_email(text: str) -> tuple[str, str] | None:
    """What stands before and after the @, as mail servers write it; None: no server takes it.

    Plain addresses with a domain of two labels or more; no quoting, no comments, no IP address.
    """
    local, at, domain = text.strip().rpartition("@")
    if not at or len(local) > LOCAL_CHARS_MAX or not _LOCAL.fullmatch(local):
        return None
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    labels = domain.split(".")
    is_name = len(labels) > 1 and len(domain) <= DOMAIN_CHARS_MAX and not labels[-1].isdigit()
    if not is_name or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    return local, domain
