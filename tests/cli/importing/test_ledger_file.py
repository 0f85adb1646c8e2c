from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from services.cli.importing.ledger_file import Line, Refusal, decode, read_file, read_lines
from services.cli.importing.ledger_map import (
    Amounts,
    Columns,
    Encoding,
    LedgerMap,
    LegalEntity,
    MapRefused,
)
from shared.kernel.money import Money

HEADER = "客户,发票号,开票日期,到期日,金额,币种,结清日"
ENTITY = LegalEntity(code="CN01", name="一", time_zone="Asia/Shanghai", currency="CNY")
COLUMNS = Columns(
    account="客户",
    number="发票号",
    issued_on="开票日期",
    due_on="到期日",
    amount="金额",
    currency="币种",
    settled_on="结清日",
)
MAP = LedgerMap(date_format="YYYY-MM-DD", legal_entity=ENTITY, columns=COLUMNS)
GOOD = "甲,A1,2026-01-05,2026-02-04,1234.50,CNY,2026-02-10"


def refused(*lines: str) -> list[tuple[int, str, str]]:
    file = read_lines("\n".join([HEADER, *lines]), MAP)
    return [(refusal.line, refusal.field, refusal.rule) for refusal in file.refusals]


class TestReadLines:
    def test_reads_an_invoice_with_its_settlement(self) -> None:
        file = read_lines(f"{HEADER}\r\n{GOOD}\r\n", MAP)

        assert file.refusals == ()
        assert file.lines == (
            Line(
                line=2,
                account="甲",
                account_name="",
                number="A1",
                amount=Money(123450, "CNY"),
                issued_on=date(2026, 1, 5),
                due_on=date(2026, 2, 4),
                settled_on=date(2026, 2, 10),
            ),
        )

    def test_leaves_out_what_is_not_settled_and_follows_the_terms(self) -> None:
        (line,) = read_lines(f"{HEADER}\n甲,A1,2026-01-05,,1,CNY,\n", MAP).lines

        assert (line.due_on, line.settled_on) == (None, None)

    @pytest.mark.parametrize(
        ("line", "field", "rule"),
        [
            (GOOD.replace("2026-01-05", "2026-02-30"), "issued_on", "invalid-date"),
            (GOOD.replace("2026-01-05", "05.01.2026"), "issued_on", "invalid-date"),
            (GOOD.replace("2026-01-05", ""), "issued_on", "missing-value"),
            (GOOD.replace("2026-02-10", "soon"), "settled_on", "invalid-date"),
            (
                GOOD.replace("2026-02-10", "2026-01-04"),
                "settled_on",
                "settlement-precedes-issue-date",
            ),
            (GOOD.replace("2026-02-04", "2026-01-04"), "due_on", "due-date-precedes-issue-date"),
            (GOOD.replace("1234.50", ""), "amount", "missing-value"),
            (GOOD.replace("1234.50", "12,34"), "", "wrong-number-of-columns"),
            (GOOD.replace("1234.50", "1e3"), "amount", "invalid-amount"),
            (GOOD.replace("1234.50", "NaN"), "amount", "invalid-amount"),
            (GOOD.replace("1234.50", "9" * 18), "amount", "invalid-amount"),
            (GOOD.replace("1234.50", "1.005"), "amount", "amount-scale"),
            (GOOD.replace("1234.50", "0"), "amount", "amount-not-positive"),
            (GOOD.replace("1234.50", "-5"), "amount", "amount-not-positive"),
            (GOOD.replace("CNY", "RMB"), "currency", "unknown-currency"),
            (GOOD.replace("甲", " "), "account", "missing-value"),
            (GOOD.replace("A1", "A" * 101), "number", "invalid-value"),
            (GOOD.replace("甲", '"甲"x'), "", "malformed-csv"),
        ],
    )
    def test_refuses_a_line_by_number_field_and_rule(
        self, line: str, field: str, rule: str
    ) -> None:
        assert refused(line) == [(2, field, rule)]

    def test_takes_the_first_of_two_with_one_number(self) -> None:
        file = read_lines("\n".join([HEADER, GOOD, GOOD.replace("甲", "乙")]), MAP)

        assert [line.account for line in file.lines] == ["甲"]
        assert file.refusals == (Refusal(3, "number", "duplicate-number", "also in line 2"),)

    def test_takes_a_number_whose_first_line_was_refused(self) -> None:
        file = read_lines("\n".join([HEADER, GOOD.replace("CNY", "?"), GOOD]), MAP)

        assert [line.line for line in file.lines] == [3]

    def test_goes_on_after_a_refused_line_and_counts_lines_within_quotes(self) -> None:
        two_lines = GOOD.replace("甲", '"甲\n乙"')

        assert refused(two_lines, "bad", "", GOOD.replace("A1", "A2")) == [
            (2, "account", "character-not-allowed"),
            (4, "", "wrong-number-of-columns"),
        ]

    def test_reads_amounts_as_they_are_written_elsewhere(self) -> None:
        german = MAP.model_copy(
            update={"amounts": Amounts(decimal_mark=",", thousands_mark="."), "delimiter": ";"}
        )
        text = f"{HEADER}\n{GOOD}".replace(",", ";").replace("1234.50", "1.234,50")

        assert read_lines(text, german).lines[0].amount == Money(123450, "CNY")

    @pytest.mark.parametrize(
        ("header", "says"), [("客户,发票号", "no column named"), (f"{HEADER},金额", "two columns")]
    )
    def test_refuses_a_file_without_the_mapped_columns(self, header: str, says: str) -> None:
        with pytest.raises(MapRefused, match=says):
            read_lines(f"{header}\n", MAP)

    def test_refuses_an_empty_file(self) -> None:
        with pytest.raises(MapRefused, match="first line"):
            read_lines("", MAP)


class TestNumbers:
    def test_are_read_as_they_are_compared(self) -> None:
        wide = GOOD.replace("A1", "\uff21\uff11")

        assert [line.number for line in read_lines(f"{HEADER}\n{wide}\n", MAP).lines] == ["A1"]
        assert refused(GOOD, wide) == [(3, "number", "duplicate-number")]

    @pytest.mark.parametrize("hidden", ["\u200b", "\u202e", "\u3164", "\ufeff", "\u00ad"])
    @pytest.mark.parametrize(("cell", "field"), [("A1", "number"), ("甲", "account")])
    def test_hold_nothing_that_no_reader_sees(self, hidden: str, cell: str, field: str) -> None:
        line = GOOD.replace(cell, f"{cell}{hidden}1")

        assert refused(line) == [(2, field, "character-not-allowed")]


class TestAmounts:
    def test_may_have_zeros_behind_the_digits_of_the_currency(self) -> None:
        line = GOOD.replace("1234.50,CNY", "100.00,JPY")

        assert [each.amount for each in read_lines(f"{HEADER}\n{line}\n", MAP).lines] == [
            Money(100, "JPY")
        ]


class TestDecode:
    TEXT = f"{HEADER}\n{GOOD}\n"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    def test_finds_the_encoding(self, encoding: str) -> None:
        assert decode(self.TEXT.encode(encoding), MAP) == self.TEXT

    # Each of these is to the letter a text in GB18030 too: "M黮ler", "镶弭觐", ...
    @pytest.mark.parametrize(
        ("name", "encoding"),
        [
            ("Müller", "iso-8859-1"),
            ("Citroën Médéé", "windows-1252"),
            ("ПЕТРОВ", "windows-1251"),
            ("Łódź", "windows-1250"),
            ("株式会社山田", "shift_jis"),
            ("臺灣電力", "big5"),
            ("삼성전자", "euc-kr"),
            ("华为技术", "gb18030"),
        ],
    )
    def test_asks_for_the_encoding_where_it_would_have_to_guess(
        self, name: str, encoding: Encoding
    ) -> None:
        plain = "customer,invoice,date,amount"
        columns = Columns(account="customer", number="invoice", issued_on="date", amount="amount")
        ledger_map = LedgerMap(date_format="YYYY-MM-DD", legal_entity=ENTITY, columns=columns)
        content = f"{plain}\n{name},A1,2026-01-05,1\n".encode(encoding)
        mapped = ledger_map.model_copy(update={"encoding": encoding})

        with pytest.raises(MapRefused, match="say its encoding in the map, one of utf-8, gb18030"):
            decode(content, ledger_map)
        assert [line.account for line in read_lines(decode(content, mapped), mapped).lines] == [
            name
        ]

    def test_asks_where_the_columns_of_the_map_are_not_in_it(self) -> None:
        german = Columns(account="Käufer", number="Nr", issued_on="Datum", amount="Betrag")
        ledger_map = LedgerMap(date_format="YYYY-MM-DD", legal_entity=ENTITY, columns=german)

        with pytest.raises(MapRefused, match="encoding-unknown"):
            decode("Käufer,Nr,Datum,Betrag\nA,1,2026-01-05,1\n".encode("iso-8859-1"), ledger_map)

    def test_refuses_only_the_line_with_a_byte_that_is_no_text(self) -> None:
        content = self.TEXT.encode() + GOOD.replace("A1", "A2").encode().replace(b"A2", b"A\xff")
        file = read_lines(decode(content, MAP), MAP)

        assert [line.number for line in file.lines] == ["A1"]
        assert [(each.line, each.rule) for each in file.refusals] == [(3, "undecodable-text")]

    def test_refuses_utf_16(self) -> None:
        with pytest.raises(MapRefused, match="UTF-16"):
            decode(self.TEXT.encode("utf-16"), MAP)

    def test_reads_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "ledger.csv"
        path.write_bytes(self.TEXT.encode("gb18030"))

        assert [line.account for line in read_file(path, MAP).lines] == ["甲"]

    def test_refuses_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(MapRefused, match="No such file"):
            read_file(tmp_path / "none.csv", MAP)
