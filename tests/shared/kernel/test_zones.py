from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo, reset_tzpath

import pytest

from shared.kernel.days import day_at, start_of_day
from shared.kernel.zones import UnknownZone, zone_names, zone_of


class TestZoneNames:
    def test_are_those_of_the_iana_list(self) -> None:
        assert {
            "Asia/Shanghai",
            "Europe/Berlin",
            "America/Argentina/Ushuaia",
            "UTC",
        } <= zone_names()

    @pytest.mark.parametrize(
        "name", ["localtime", "posixrules", "Factory", "posix/UTC", "right/UTC", "leapseconds", ""]
    )
    def test_have_none_that_is_another_on_another_host(self, name: str) -> None:
        assert name not in zone_names()
        with pytest.raises(UnknownZone):
            zone_of(name)


class TestZoneOf:
    def test_takes_no_rules_from_the_host(self, tmp_path: Path) -> None:
        """A host whose Shanghai is New York's: this is what an operator's old or odd files do."""
        host = tmp_path / "Asia"
        host.mkdir()
        elsewhere = files("tzdata").joinpath("zoneinfo", "America", "New_York").read_bytes()
        (host / "Shanghai").write_bytes(elsewhere)
        reset_tzpath([tmp_path])
        try:
            ZoneInfo.clear_cache()
            zone_of.cache_clear()
            noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
            there = noon.astimezone(ZoneInfo("Asia/Shanghai")).utcoffset()
            assert there == timedelta(hours=-5)
            assert noon.astimezone(zone_of("Asia/Shanghai")).utcoffset() == timedelta(hours=8)
        finally:
            reset_tzpath()
            ZoneInfo.clear_cache()

    def test_reads_every_zone(self) -> None:
        for name in zone_names():
            assert isinstance(zone_of(name), ZoneInfo)

    def test_is_what_days_go_by(self) -> None:
        day = date(2026, 3, 14)

        assert day_at(start_of_day(day, "Asia/Shanghai"), "Asia/Shanghai") == day
