from __future__ import annotations

from pathlib import Path

from services.cli.bench.import_rows import write_lines
from services.cli.importing.ledger_file import read_file
from services.cli.importing.ledger_map import read_map


class TestWriteLines:
    def test_writes_settled_invoices_that_the_importer_reads(self, tmp_path: Path) -> None:
        file = write_lines(tmp_path, 2, 150)
        found = read_file(file, read_map(tmp_path / "map.toml"))
        assert not found.refusals
        assert len({line.number for line in found.lines}) == 150
        assert all(
            line.settled_on is not None and line.settled_on > line.issued_on for line in found.lines
        )

    def test_writes_other_invoices_of_the_same_customers_each_round(self, tmp_path: Path) -> None:
        first, second = (
            read_file(write_lines(tmp_path, number, 120), read_map(tmp_path / "map.toml")).lines
            for number in (0, 1)
        )
        assert {line.number for line in first}.isdisjoint(line.number for line in second)
        assert {line.account for line in first} == {line.account for line in second}
