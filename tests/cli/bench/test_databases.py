from __future__ import annotations

import gc

from services.cli.bench.databases import as_served, only, projections_of
from services.cli.installed import RUNTIMES
from shared.platform.hosting.serving import GC_THRESHOLDS
from shared.platform.hosting.settings import PlatformSettings


class TestOnly:
    def test_leaves_the_projections_that_are_named_and_nothing_else_that_reads(self) -> None:
        settings = PlatformSettings()
        whole = RUNTIMES["dunning"]
        first, second, *_ = projections_of(settings, whole)
        service = only(whole, second).service(settings)
        assert [projection.name for projection in service.projections] == [second]
        assert first != second
        assert (service.reactions, service.effects) == ((), ())
        assert whole.service(settings).reactions


class TestAsServed:
    def test_collects_garbage_as_a_server_does_until_the_end(self) -> None:
        found, others = gc.get_threshold(), (GC_THRESHOLDS[0] // 2, *GC_THRESHOLDS[1:])
        gc.set_threshold(*others)
        try:
            with as_served() as begin:
                begin()
                assert gc.get_threshold() == GC_THRESHOLDS
                assert gc.get_freeze_count() > 0
            assert (gc.get_threshold(), gc.get_freeze_count()) == (others, 0)
        finally:
            gc.set_threshold(*found)
