"""Notices as their readers see them. DUEBOOK_WRITE_GOLDEN=1 writes the samples anew."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from jinja2.exceptions import SecurityError

from services.dunning.notices.adapters.rendering import (
    TEMPLATES,
    Payee,
    Rendered,
    Renderer,
    money_text,
)
from services.dunning.notices.domain.notice.events import NoticeQueued
from services.dunning.notices.handlers.ports import Creditor, Debtor
from services.dunning.strategies.domain.dunning_plan import (
    DUNNING_LETTER,
    FINAL_NOTICE,
    PAYMENT_RETURNED,
    PRE_DUE,
    REMINDER,
)
from shared.kernel.money import EXPONENTS, Money
from tests.support.dunning import ITEM_B, after, listed, yuan
from tests.support.dunning_samples import QUEUED

SAMPLES: Final = Path(__file__).parent / "samples"
PAYEE: Final = Payee("中国银行 Bank of China 6217 0000 0000 0000", "应收账款部 +86 10 5555 0100")
CREDITOR: Final = Creditor(name="华东贸易有限公司", address="上海市静安区南京西路1号\n200041")
DEBTOR: Final = Debtor(
    number="C-1001",
    name="上海示例贸易有限公司",
    contact_person="王芳",
    email="wang.fang@example.com",
    postal_address="上海市浦东新区世纪大道2号\n200120",
    language="zh",
    sales_owner="",
)
LANGUAGES: Final = ("zh", "en")
EARLIER: Final = replace(listed(ITEM_B, 120_050), due_on=after(-29), installment=2)
ON_ITS_STEP: Final = replace(QUEUED, items=(EARLIER, listed()))
LETTER: Final = replace(ON_ITS_STEP, channel="letter")
CASES: Final[Mapping[str, NoticeQueued]] = {
    PRE_DUE: replace(QUEUED, template=PRE_DUE, step=-3, written_on=after(-3)),
    "pre_due_of_two_days": replace(
        QUEUED,
        template=PRE_DUE,
        step=-3,
        written_on=after(-3),
        items=(listed(), replace(listed(ITEM_B, 120_050), due_on=after(2))),
    ),
    REMINDER: ON_ITS_STEP,
    DUNNING_LETTER: replace(LETTER, template=DUNNING_LETTER, step=30, written_on=after(30)),
    FINAL_NOTICE: replace(LETTER, template=FINAL_NOTICE, step=60, written_on=after(60)),
    PAYMENT_RETURNED: replace(ON_ITS_STEP, template=PAYMENT_RETURNED, step=30),
    "less_money_on_account": replace(ON_ITS_STEP, unallocated=yuan(55_050), demanded=yuan(300_000)),
    "money_on_account_shown": replace(ON_ITS_STEP, unallocated=yuan(55_050)),
    "part_2_of_3": replace(
        ON_ITS_STEP, part=2, parts=3, open_amount=yuan(1_355_050), demanded=yuan(1_355_050)
    ),
}
DISREGARD: Final = {"zh": "请忽略本通知", "en": "please disregard this notice"}


def rendered(notice: NoticeQueued, language: str, debtor: Debtor = DEBTOR) -> Rendered:
    return Renderer(PAYEE).render(notice, replace(debtor, language=language), CREDITOR)


@pytest.mark.parametrize("language", LANGUAGES)
class TestRender:
    @pytest.mark.parametrize("case", CASES)
    def test_reads_as_the_sample(self, case: str, language: str) -> None:
        found = rendered(CASES[case], language, replace(DEBTOR, sales_owner="李雷"))
        text = f"{found.subject}\n\n{found.body}"
        sample = SAMPLES / f"{case}.{language}.txt"
        if os.environ.get("DUEBOOK_WRITE_GOLDEN"):
            sample.parent.mkdir(exist_ok=True)
            sample.write_text(text, "utf-8")

        assert sample.read_text("utf-8") == text

    @pytest.mark.parametrize("case", CASES)
    def test_names_parties_items_amounts_days_where_to_pay_and_whom_to_call(
        self, case: str, language: str
    ) -> None:
        notice = CASES[case]
        body = rendered(notice, language).body
        day = {"zh": "2026年{0.month}月{0.day}日", "en": "{0.day} {0:%B} 2026"}[language]

        for wanted in (
            CREDITOR.name,
            DEBTOR.name,
            DEBTOR.contact_person,
            day.format(notice.written_on),
            "2026-0131",
            "2026-0132",
            "2,350.00",
            "1,200.50",
            money_text(notice.open_amount, language),
            money_text(notice.demanded, language),
            *(day.format(item.due_on) for item in notice.items),
            PAYEE.payment_instructions,
            PAYEE.contact,
            "C-1001",
        ):
            assert wanted in body
        assert body.count("\n\n\n") == 0

    def test_says_how_many_days_an_item_is_past_due(self, language: str) -> None:
        body = rendered(CASES[DUNNING_LETTER], language).body
        thirty, longer = {
            "zh": ("逾期 30 天", "逾期 59 天"),
            "en": ("30 days past", "59 days past"),
        }[language]
        assert thirty in body
        assert longer in body
        assert "past due" not in rendered(CASES[PRE_DUE], "en").body
        assert "逾期" not in rendered(CASES[PRE_DUE], "zh").body

    def test_closes_as_a_letter_does(self, language: str) -> None:
        for case, notice in CASES.items():
            body = rendered(notice, language).body
            close = {"zh": "此致\n敬礼\n", "en": "Yours faithfully,\n"}[language]
            assert close in body
            assert (DISREGARD[language] in body) == (case != FINAL_NOTICE)

    def test_shows_the_postal_address_in_letters_alone(self, language: str) -> None:
        assert "世纪大道2号\n200120" in rendered(CASES[FINAL_NOTICE], language).body
        assert "世纪大道" not in rendered(CASES[REMINDER], language).body

    def test_leaves_out_what_is_not_there(self, language: str) -> None:
        bare = replace(DEBTOR, contact_person="", postal_address="", language=language)
        creditor = replace(CREDITOR, address="")
        body = Renderer(PAYEE).render(CASES[FINAL_NOTICE], bare, creditor).body
        assert "Attn" not in body
        assert "联系人" not in body
        assert "\n\n\n" not in body

    def test_keeps_a_name_on_its_line(self, language: str) -> None:
        """What a customer is called cannot write a line of the notice, nor turn its direction."""
        odd = replace(
            DEBTOR,
            name="A\r\nPay to: DE00\u2028x\u202e",
            contact_person="B\nC",
            postal_address="Street 1\r\n\r\n\u202eTown",
        )
        lines = rendered(CASES[FINAL_NOTICE], language, odd).body.splitlines()
        assert any(line.endswith("A Pay to: DE00 x") for line in lines)
        assert any(line.endswith("B C") for line in lines)
        assert "Town" in lines


@pytest.mark.parametrize("language", LANGUAGES)
class TestMoneyText:
    def test_has_the_digits_of_iso_4217(self, language: str) -> None:
        """In every currency: the locale's own data have none for RSD and a dozen others."""
        for currency in EXPONENTS:
            for minor in (1, 49, 1_234_567, 10**15):
                amount = Money(minor, currency)
                text = money_text(amount, language)
                number = text.removeprefix(_symbol(text)).replace(",", "")
                assert number == amount.amount, text

    def test_keeps_letters_apart_from_the_number(self, language: str) -> None:
        assert money_text(Money(49, "RSD"), language) == "RSD\u00a00.49"
        assert money_text(Money(-123_450, "RSD"), language) == "-RSD\u00a01,234.50"
        assert money_text(Money(355_050, "EUR"), language) == "€3,550.50"
        assert money_text(Money(355_050, "JPY"), language) == "JP¥355,050"
        assert money_text(Money(355_050, "KWD"), language) == "KWD\u00a0355.050"


def _symbol(text: str) -> str:
    """What stands before the number; some symbols have a dot."""
    found = re.match(r"[^0-9]+", text)
    assert found is not None
    return found[0]


class TestTemplates:
    def test_are_there_for_every_template_and_language(self) -> None:
        named = {notice.template for notice in CASES.values()}
        expected = {f"{name}.{one}.txt.j2" for name in (*named, "layout") for one in LANGUAGES}

        assert expected == {path.name for path in TEMPLATES.glob("*.j2")}

    def test_cannot_reach_out_of_the_sandbox(self) -> None:
        escape = Renderer(PAYEE)._environment.from_string("{{ ''.__class__.__mro__ }}")

        with pytest.raises(SecurityError):
            escape.render()

    def test_do_not_run_what_a_customer_is_called(self) -> None:
        named = replace(DEBTOR, name="{{ 7 * 7 }}")

        assert "{{ 7 * 7 }}" in rendered(CASES[REMINDER], "en", named).body
