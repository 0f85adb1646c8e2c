from __future__ import annotations

from services.cli.bench.memory_rows import KIB, MIB, Held, line_of
from shared.platform.store.cache import STREAMS_CACHED_MAX


class TestLineOf:
    def test_compares_what_is_held_with_what_was_held_at_first(self) -> None:
        held = Held(100 * MIB, 140 * MIB, 140 * MIB + 200 * 3 * KIB, streams=400, events=2000)
        line = line_of([held, held._replace(at_first=70 * MIB, after_all=140 * MIB)])
        assert line.ratio.highest == 2.0
        assert [sample.beside for sample in line.samples] == [100.0, 70.0]

    def test_says_what_a_further_stream_takes_and_what_bounds_it(self) -> None:
        held = Held(100 * MIB, 140 * MIB, 140 * MIB + 200 * 3 * KIB, streams=400, events=2000)
        note = line_of([held]).note
        assert note.startswith("2,000 events of 400 streams; after half of them 140 MiB")
        assert "3.00 KiB more for each further stream" in note
        assert f"STREAMS_CACHED_MAX ({STREAMS_CACHED_MAX:,} states)" in note
