"""A notice as text, in the debtor's language. Templates see the notice and the debtor, no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from babel.dates import format_date
from babel.numbers import format_currency
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.dunning.notices.domain.notice.events import NoticeQueued
from services.dunning.notices.handlers.ports import Debtor
from shared.kernel.money import Money

TEMPLATES: Final = Path(__file__).parent / "templates"
_LOCALES: Final = {"zh": "zh_CN", "en": "en_GB"}


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
        self._environment.filters["money"] = _money
        self._environment.filters["day"] = _day

    def render(self, notice: NoticeQueued, debtor: Debtor) -> Rendered:
        language = debtor.language
        template = self._environment.get_template(f"{notice.template}.{language}.txt.j2")
        text = template.render(
            language=language,
            notice=notice,
            debtor=debtor,
            payee=self._payee,
            whom_to_call=" / ".join(
                name for name in (debtor.sales_owner, self._payee.contact) if name
            ),
            written_on=notice.written_on,
            total=notice.demanded,
        )
        subject, _, body = text.partition("\n")
        return Rendered(" ".join(subject.split()), body.strip("\n") + "\n")


def _money(amount: Money, language: str) -> str:
    return format_currency(Decimal(amount.amount), amount.currency, locale=_LOCALES[language])


def _day(day: date, language: str) -> str:
    return format_date(day, "long", locale=_LOCALES[language])
