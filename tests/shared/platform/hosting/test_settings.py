from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.dunning.runtime.settings import Settings as DunningSettings
from services.ledger.runtime.settings import Settings as LedgerSettings
from shared.platform.hosting.settings import PlatformSettings, rows_of


class TestPlatformSettings:
    @pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "::", "example.org", ""])
    def test_refuses_to_be_heard_beyond_this_machine(self, host: str) -> None:
        with pytest.raises(ValidationError, match="loopback"):
            PlatformSettings(host=host)

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
    def test_takes_loopback(self, host: str) -> None:
        assert PlatformSettings(host=host).host == host

    def test_names_a_database_for_each_service_on_the_server(self) -> None:
        settings = PlatformSettings(database_url="postgresql://u:p%40@/postgres?host=/run/x")
        assert settings.database_url_of("ledger") == (
            "postgresql://u:p%40@/duebook_ledger?host=%2Frun%2Fx"
        )

    def test_prefers_the_database_of_its_own(self) -> None:
        settings = PlatformSettings(database_url="postgresql://a/b", log_database_url="x://y/z")
        assert settings.log_url == "x://y/z"

    def test_reads_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DUEBOOK_CLOCK", "manual")
        monkeypatch.setenv("DUEBOOK_CLOCK_START", "2026-01-01T00:00:00+08:00")
        settings = PlatformSettings()
        assert settings.clock == "manual"
        assert str(settings.clock_start) == "2025-12-31 16:00:00+00:00"

    def test_lets_the_command_line_win(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DUEBOOK_PORT", "9000")
        assert PlatformSettings(port=9001).port == 9001


class TestServiceSettings:
    def test_read_numbers_with_commas(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DUEBOOK_LEDGER_THRESHOLDS", "-3, 1,30")
        assert LedgerSettings().thresholds == (-3, 1, 30)

    def test_follow_from_where_the_process_runs(self, tmp_path: Path) -> None:
        settings = DunningSettings().beside(PlatformSettings(data=tmp_path, port=9000))
        assert settings.mail == tmp_path / "mail"
        assert settings.ledger == "http://127.0.0.1:9000/ledger"


class TestRows:
    def test_name_every_setting_with_a_meaning(self) -> None:
        rows = rows_of([PlatformSettings, LedgerSettings])
        assert all(row.meaning.endswith(".") for row in rows)
        found = {row.name: row.default for row in rows}
        assert found["DUEBOOK_PORT"] == "8080"
        assert found["DUEBOOK_LEDGER_AGING_EDGES"] == "30,60,90"
        assert found["DUEBOOK_CURSOR_KEY"] == "-"
