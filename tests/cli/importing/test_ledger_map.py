from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from services.cli.importing.ledger_map import MapRefused, date_pattern, read_date, read_map

IBM = Path(__file__).parents[2] / "journeys" / "ibm_map.toml"
WHOLE = IBM.read_text("utf-8")


def written(folder: Path, text: str) -> Path:
    path = folder / "map.toml"
    path.write_text(text, "utf-8")
    return path


class TestReadMap:
    def test_reads_the_map_of_the_ibm_ledger(self) -> None:
        ledger_map = read_map(IBM)

        assert ledger_map.columns.named() == {
            "account": "customerID",
            "number": "invoiceNumber",
            "issued_on": "InvoiceDate",
            "amount": "InvoiceAmount",
            "settled_on": "SettledDate",
        }
        assert ledger_map.terms is not None
        assert ledger_map.terms.net_days == 30
        assert ledger_map.legal_entity.take_over_on is None

    def test_reads_the_day_on_which_the_book_is_taken_over(self, tmp_path: Path) -> None:
        text = WHOLE.replace("[columns]", "take_over_on = 2014-01-01\n\n[columns]")

        assert read_map(written(tmp_path, text)).legal_entity.take_over_on == date(2014, 1, 1)

    @pytest.mark.parametrize(
        ("old", "new", "says"),
        [
            ('date_format = "M/D/YYYY"', 'date_format = "M/YYYY"', "date_format"),
            ('currency = "CNY" #', 'currency = "CNX" #', "currency"),
            ('time_zone = "Asia/Shanghai"', 'time_zone = "Asia/Nowhere"', "legal_entity.time_zone"),
            ('time_zone = "Asia/Shanghai"', 'time_zone = "localtime"', "legal_entity.time_zone"),
            ('account = "customerID"\n', "", "columns.account"),
            ("[columns]", '[columns]\nowner = "x"', "columns.owner"),
            ("[columns]", '[columns]\ncurrency = "x"', "either a constant or a column"),
            ("net_days = 30", "net_days = -1", "terms.net_days"),
            ('method = "transfer"', 'method = "barter"', "payment.method"),
            ("[payment]", "[payment", "line"),
        ],
    )
    def test_refuses_what_leaves_a_doubt_and_says_where(
        self, tmp_path: Path, old: str, new: str, says: str
    ) -> None:
        assert old in WHOLE
        with pytest.raises(MapRefused, match=says):
            read_map(written(tmp_path, WHOLE.replace(old, new)))

    def test_refuses_a_map_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(MapRefused, match="No such file"):
            read_map(tmp_path / "none.toml")


class TestReadDate:
    @pytest.mark.parametrize(
        ("date_format", "text"),
        [
            ("M/D/YYYY", "2/3/2012"),
            ("M/D/YYYY", "02/03/2012"),
            ("DD.MM.YYYY", "03.02.2012"),
            ("YYYY年M月D日", "2012年2月3日"),
            ("YYYYMMDD", "20120203"),
        ],
    )
    def test_reads_a_day_written_so(self, date_format: str, text: str) -> None:
        assert read_date(text, date_pattern(date_format)) == date(2012, 2, 3)

    @pytest.mark.parametrize(
        "text", ["2/30/2012", "13/1/2012", "2/3/12", "2/3/2012 00:00", "2-3-2012"]
    )
    def test_gives_nothing_for_what_is_no_day_written_so(self, text: str) -> None:
        assert read_date(text, date_pattern("M/D/YYYY")) is None
