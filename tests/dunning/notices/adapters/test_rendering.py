"""Notices as their readers see them. DUEBOOK_WRITE_GOLDEN=1 writes the samples anew."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from jinja2.exceptions import SecurityError

from services.dunning.notices.adapters.rendering import TEMPLATES, Payee, Renderer
from services.dunning.notices.handlers.ports import Debtor
from tests.support.dunning_samples import QUEUED

SAMPLES: Final = Path(__file__).parent / "samples"
PAYEE: Final = Payee("中国银行 Bank of China 6217 0000 0000 0000", "应收账款部 +86 10 5555 0100")
DEBTOR: Final = Debtor(
    number="C-1001",
    name="上海示例贸易有限公司",
    contact_person="王芳",
    email="",
    language="zh",
    sales_owner="",
)
TEMPLATE_NAMES: Final = ("pre_due", "reminder", "dunning_letter", "final_notice")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("template", TEMPLATE_NAMES)
class TestRender:
    def test_reads_as_the_sample(self, template: str, language: str) -> None:
        notice = replace(QUEUED, template=template)
        rendered = Renderer(PAYEE).render(
            notice, replace(DEBTOR, language=language, sales_owner="李雷")
        )
        text = f"{rendered.subject}\n\n{rendered.body}"
        sample = SAMPLES / f"{template}.{language}.txt"
        if os.environ.get("DUEBOOK_WRITE_GOLDEN"):
            sample.parent.mkdir(exist_ok=True)
            sample.write_text(text, "utf-8")

        assert sample.read_text("utf-8") == text

    def test_names_items_amounts_days_where_to_pay_and_whom_to_call(
        self, template: str, language: str
    ) -> None:
        rendered = Renderer(PAYEE).render(
            replace(QUEUED, template=template), replace(DEBTOR, language=language)
        )
        day = "2026年3月2日" if language == "zh" else "2 March 2026"

        for wanted in (
            "2026-0131",
            "2026-0132",
            "2,350.00",
            "1,200.50",
            "3,550.50",
            day,
            PAYEE.payment_instructions,
            PAYEE.contact,
            "C-1001",
        ):
            assert wanted in rendered.body


class TestTemplates:
    def test_are_there_for_every_template_and_language(self) -> None:
        expected = {f"{name}.{one}.txt.j2" for name in TEMPLATE_NAMES for one in ("zh", "en")}

        assert expected <= {path.name for path in TEMPLATES.glob("*.j2")}

    def test_cannot_reach_out_of_the_sandbox(self) -> None:
        escape = Renderer(PAYEE)._environment.from_string("{{ ''.__class__.__mro__ }}")

        with pytest.raises(SecurityError):
            escape.render()

    def test_do_not_run_what_a_customer_is_called(self) -> None:
        named = replace(DEBTOR, name="{{ 7 * 7 }}")

        assert "{{ 7 * 7 }}" in Renderer(PAYEE).render(QUEUED, named).body
