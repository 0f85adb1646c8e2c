"""A changed fold has another fingerprint, whatever of it was changed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from services.cli.installed import RUNTIMES
from shared.kernel.decider import Aggregate
from shared.platform.codec import Codec, Json
from shared.platform.hosting.settings import PlatformSettings
from shared.platform.store import fingerprint
from shared.platform.store.fingerprint import SourceMissing, fingerprint_of

PACKAGE: Final = "fold_that_changes"
FIRST: Final = {
    "__init__": "",
    "limits": "LIMIT = 3\n",
    "rules": f"from {PACKAGE}.limits import LIMIT\n\ndef least(n): return min(n, LIMIT)\n",
    "events": (
        "from dataclasses import dataclass\n"
        "@dataclass(frozen=True)\nclass Added:\n    n: int\n"
        "@dataclass(frozen=True)\nclass Moved:\n    n: int\n"
    ),
    "evolve": (
        f"from {PACKAGE} import events\n"
        "def evolve(state: int, event: events.Added) -> int:\n"
        f"    from {PACKAGE}.rules import least\n"
        "    return state + least(event.n)\n"
        "def evolve_twice(state: int, event: events.Added) -> int:\n"
        "    return evolve(evolve(state, event), event)\n"
    ),
    "timers": "def timers(state: int): return ()\n",
    "decide": f"from {PACKAGE} import evolve, timers\n",
    "upcasting": "def upcast(fields): return fields\n",
}


@pytest.fixture
def fold_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Callable[..., bytes]]]:
    """Makes the package with these sources instead, and its aggregate's fingerprint."""
    versions = iter(range(100))

    def forget() -> None:
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]
        fingerprint._source.cache_clear()
        fingerprint._imports.cache_clear()
        importlib.invalidate_caches()

    def make(**changed: str) -> Callable[..., bytes]:
        forget()
        folder = tmp_path / str(next(versions)) / PACKAGE
        folder.mkdir(parents=True)
        for name, source in {**FIRST, **changed}.items():
            (folder / f"{name}.py").write_text(source)
        monkeypatch.syspath_prepend(folder.parent)
        modules = {name: importlib.import_module(f"{PACKAGE}.{name}") for name in FIRST}

        def made(
            kind: str = "sum",
            *,
            initial: int = 0,
            evolve: str = "evolve",
            types: Mapping[str, str] | None = None,
            upcasts: Mapping[str, str] | None = None,
        ) -> bytes:
            aggregate: Aggregate[int, Any] = Aggregate(
                kind,
                initial=initial,
                evolve=getattr(modules["evolve"], evolve),
                timers=modules["timers"].timers,
                account_of=lambda event: None,
            )
            own = {
                name: getattr(modules["events"], cls)
                for name, cls in (types or {"x.sum.added.v1": "Added"}).items()
            }
            step = modules["upcasting"].upcast
            upcasters = {old: (new, step) for old, new in (upcasts or {}).items()}
            return fingerprint_of(aggregate, Codec({**own, "x.y.z.v1": Json}, None, upcasters))

        return made

    yield make
    forget()


Fold = Callable[..., Callable[..., bytes]]


class TestFingerprint:
    def test_is_the_same_for_the_same_sources(self, fold_of: Fold) -> None:
        assert fold_of()() == fold_of()()

    @pytest.mark.parametrize(
        ("module", "old", "new"),
        [
            ("evolve", "state + least", "state - least"),
            ("timers", "return ()", "return []"),
            ("events", "n: int", "n: str"),
            ("rules", "min", "max"),
            ("limits", "3", "4"),
        ],
    )
    def test_changes_with_every_module_that_folds(
        self, fold_of: Fold, module: str, old: str, new: str
    ) -> None:
        before = fold_of()()
        changed = FIRST[module].replace(old, new)
        assert changed != FIRST[module]
        assert fold_of(**{module: changed})() != before

    def test_stays_when_something_else_changes(self, fold_of: Fold) -> None:
        before = fold_of()()
        assert fold_of(decide="RULE = 1\n", upcasting="OTHER = upcast = print\n")() == before

    def test_changes_with_what_is_made_of_the_modules(self, fold_of: Fold) -> None:
        made = fold_of()
        both = {"x.sum.added.v1": "Added", "x.sum.moved.v1": "Moved"}
        swapped = {"x.sum.added.v1": "Moved", "x.sum.moved.v1": "Added"}
        prints = [
            made(),
            made("product"),
            made(initial=1),
            made(evolve="evolve_twice"),
            made(types=both),
            made(types=swapped),
            made(upcasts={"x.sum.added.v0": "x.sum.added.v1"}),
        ]
        assert len(set(prints)) == len(prints)

    def test_changes_with_the_upcasters_of_its_events_alone(self, fold_of: Fold) -> None:
        chain = {"x.sum.added.v-1": "x.sum.added.v0", "x.sum.added.v0": "x.sum.added.v1"}
        before = fold_of()(upcasts=chain)
        other = "def upcast(fields): return {}\n"
        assert fold_of(upcasting=other)(upcasts=chain) != before
        assert fold_of()(upcasts={"x.y.z.v0": "x.y.z.v1"}) == fold_of()()

    def test_is_refused_where_a_source_is_missing(self, fold_of: Fold) -> None:
        made = fold_of()
        sys.modules[f"{PACKAGE}.timers"].timers.__module__ = f"{PACKAGE}.gone"
        with pytest.raises(SourceMissing, match="gone"):
            made()


CASE: Final = "services.dunning.work.domain.case"


@pytest.mark.parametrize(
    ("module", "changes"),
    [
        (f"{CASE}.evolve", True),
        (f"{CASE}.state", True),
        (f"{CASE}.events", True),
        (f"{CASE}.timers", True),
        ("services.dunning.strategies.domain.review_time", True),
        ("shared.kernel.money", True),
        ("shared.kernel.days", True),
        ("shared.platform.codec", True),
        ("shared.platform.store.folding", True),
        (f"{CASE}.decide", False),
        ("services.dunning.work.domain.task.evolve", False),
    ],
)
def test_the_fold_of_a_case_is_what_its_modules_say(
    monkeypatch: pytest.MonkeyPatch, module: str, changes: bool
) -> None:
    service = RUNTIMES["dunning"].service(PlatformSettings())
    case = next(one for one in service.aggregates if one.kind == "case")
    before = fingerprint_of(case, service.codec())
    source = fingerprint._source

    def changed(name: str) -> str:
        return source(name) + ("\n# Another line.\n" if name == module else "")

    monkeypatch.setattr(fingerprint, "_source", changed)
    assert (fingerprint_of(case, service.codec()) != before) == changes
