"""A notice as its reader sees it: a subject and plain text, in the debtor's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final

from babel import Locale
from babel.dates import format_date
from babel.numbers import NumberPattern, get_currency_symbol, parse_pattern
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.dunning.notices.domain.notice.events import NoticeQueued
from services.dunning.notices.domain.notice_days import days_past_due
from services.dunning.notices.handlers.ports import Creditor, Debtor
from services.dunning.strategies.domain.dunning_plan import LETTER
from shared.kernel.money import Money, exponent, total

TEMPLATES: Final = Path(__file__).parent / "templates"
_LOCALES: Final = {"zh": Locale.parse("zh_CN"), "en": Locale.parse("en_GB")}
_NO_BREAK: Final = "\u00a0"


@dataclass(frozen=True, slots=True)
class Payee:
    """Where to pay and whom to call, as the creditor wants it said."""

    payment_instructions: str
    contact: str


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    body: str


class Renderer:
    """Templates are `<template>.<language>.txt.j2`; the first line is the subject."""

    def __init__(self, payee: Payee) -> None:
        self._payee = payee
        # Plain text: nothing to escape. What is undefined is a fault of the template.
        self._environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(TEMPLATES),
            undefined=StrictUndefined,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._environment.filters["money"] = money_text
        self._environment.filters["day"] = _day
        self._environment.filters["line"] = one_line

    def render(self, notice: NoticeQueued, debtor: Debtor, creditor: Creditor) -> Rendered:
        language, currency = debtor.language, notice.currency
        template = self._environment.get_template(f"{notice.template}.{language}.txt.j2")
        due_on = [item.due_on for item in notice.items]
        text = template.render(
            language=language,
            notice=notice,
            lines=[(item, days_past_due(item.due_on, notice.written_on)) for item in notice.items],
            first_due_on=min(due_on),
            last_due_on=max(due_on),
            part_total=total((item.open_amount for item in notice.items), currency),
            is_reduced=notice.demanded < notice.open_amount,
            debtor=replace(
                debtor,
                name=one_line(debtor.name),
                contact_person=one_line(debtor.contact_person),
            ),
            debtor_address=_lines(debtor.postal_address) if notice.channel == LETTER else (),
            creditor=one_line(creditor.name),
            creditor_address=_lines(creditor.address),
            payee=self._payee,
            whom_to_call=" / ".join(
                name for name in (one_line(debtor.sales_owner), self._payee.contact) if name
            ),
        )
        subject, _, body = text.partition("\n")
        return Rendered(" ".join(subject.split()), body.strip("\n") + "\n")


def one_line(text: str) -> str:
    """Without control characters: neither a header nor a line of the text may end early."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def money_text(amount: Money, language: str) -> str:
    """With the digits of ISO 4217: the locale's own data have others for some currencies.

    A symbol of letters is kept apart from the number, as `RSD 0.49`.
    """
    pattern = _pattern(amount.currency, language)
    text: str = pattern.apply(
        Decimal(amount.amount),
        _LOCALES[language],
        currency=amount.currency,
        currency_digits=False,
    )
    return text


@cache
def _pattern(currency: str, language: str) -> NumberPattern:
    """How amounts of the currency are written; read once, not for every line of a notice."""
    digits = exponent(currency)
    symbol = get_currency_symbol(currency, _LOCALES[language])
    gap = _NO_BREAK if symbol[-1:].isalpha() else ""
    form = f"¤{gap}#,##0" + (f".{'0' * digits}" if digits else "")
    return parse_pattern(f"{form};-{form}")


def _lines(text: str) -> Sequence[str]:
    return [line for line in (one_line(each) for each in text.splitlines()) if line]


def _day(day: date, language: str) -> str:
    return format_date(day, "long", locale=_LOCALES[language])
