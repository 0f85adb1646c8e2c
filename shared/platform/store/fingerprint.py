"""Says what folds a stream, as one digest: another digest, and what it folded is worth nothing.

The digest is made from source, not from objects: whatever an aggregate's `evolve` and `timers` come
to is said by their modules and all modules of ours that these import.
"""

from __future__ import annotations

import ast
import platform
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec, resolve_name
from pathlib import Path
from typing import Any, Final

from shared.kernel.decider import Aggregate
from shared.platform.codec import SORTED_ENCODER, Codec
from shared.platform.store import folding

# What reads an event and folds it, beside the aggregate's own modules.
_PLATFORM: Final = (Codec.__module__, folding.__name__)
# What the modules of ours rely on, beside the standard library. Time zones are those of tzdata.
_DISTRIBUTIONS: Final = ("msgspec", "tzdata")


class SourceMissing(Exception):
    """A module that folds a stream has no source, so nobody can say whether it has changed."""


def fingerprint_of(aggregate: Aggregate[Any, Any], codec: Codec, *also: str) -> bytes:
    """Digests all that a stream's state follows from, but its events.

    `also` names further modules. Raises SourceMissing.
    """
    folds = (aggregate.evolve, aggregate.timers)
    seeds = [*_PLATFORM, *also, *(each.__module__ for each in (*folds, type(aggregate.initial)))]
    ours = {seed.partition(".")[0] for seed in seeds} - sys.stdlib_module_names
    modules = _closure(seeds, ours)
    known = {name for name, cls in codec.types.items() if cls.__module__ in modules}
    upcasters = {
        name: step for name, (_, step) in codec.upcasters.items() if _newest(codec, name) in known
    }
    modules |= _closure((step.__module__ for step in upcasters.values()), ours)
    digest = sha256()
    for part in (
        platform.python_version(),
        *(f"{name} {version(name)}" for name in _DISTRIBUTIONS),
        aggregate.kind,
        *(f"{each.__module__} {each.__qualname__}" for each in folds),
        SORTED_ENCODER.encode(aggregate.initial).decode(),
        *(f"{name} {codec.types[name].__qualname__}" for name in sorted(known)),
        *(f"{name} {step.__qualname__}" for name, step in sorted(upcasters.items())),
        *(f"{name} {_source(name)}" for name in sorted(modules)),
    ):
        digest.update(f"{len(part)}:{part}".encode())
    return digest.digest()


def _newest(codec: Codec, name: str) -> str:
    """The type that events of a name are read as; the codec says that every chain ends."""
    while name in codec.upcasters:
        name = codec.upcasters[name][0]
    return name


def _closure(seeds: Iterable[str], ours: Iterable[str]) -> set[str]:
    """The modules and all of ours that they import, directly or not."""
    found: set[str] = set()
    left = [seed for seed in seeds if seed.partition(".")[0] in ours]
    while left:  # Ends: each module is taken once.
        name = left.pop()
        if name not in found:
            found.add(name)
            left += [each for each in _imports(name) if each.partition(".")[0] in ours]
    return found


@cache
def _source(name: str) -> str:
    try:
        spec = find_spec(name)
        return Path((spec and spec.origin) or "").read_text("utf-8")
    except (OSError, ImportError, UnicodeDecodeError) as problem:  # Only bytecode, or not there.
        raise SourceMissing(name) from problem


@cache
def _imports(name: str) -> frozenset[str]:
    return frozenset(_imported(name))


def _imported(name: str) -> Iterator[str]:
    """All that a module imports, wherever in its text it does."""
    package = name if _is_package(name) else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(_source(name))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            target = resolve_name("." * node.level + (node.module or ""), package)
            yield target
            if target.partition(".")[0] == name.partition(".")[0] and _is_package(target):
                each = [f"{target}.{alias.name}" for alias in node.names]
                yield from (module for module in each if find_spec(module) is not None)


def _is_package(name: str) -> bool:
    spec = find_spec(name)
    return spec is not None and spec.submodule_search_locations is not None
