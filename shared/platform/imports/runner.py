"""Does what imports have left to do, one file after the other, each line once.

A part's lines are done, then its answers are kept: who is killed in between does the part again,
and its lines, done under their keys, are answered as before.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
import structlog
from pydantic import ValidationError

from shared.kernel.ids import murmur2
from shared.platform.clock import DomainClock
from shared.platform.codec import to_json
from shared.platform.database.connections import RECONNECT_S, is_transient
from shared.platform.http.answers import of_problem
from shared.platform.http.bodies import decoded
from shared.platform.http.faults import problem_of
from shared.platform.http.lines import BatchLine, Lines, LineView, Placed
from shared.platform.http.problems import RETRY, Problem
from shared.platform.imports import imports_sql as sql
from shared.platform.imports.import_store import ImportStore, PartToDo
from shared.platform.observability import failpoints
from shared.platform.observability.throttled_log import ThrottledLog
from shared.platform.signals import Listener

LOOK_AGAIN_S: Final = 10.0  # until an import of a process that died is found
PAUSE_S: Final = 0.2  # before lines that could not be done now are tried again
LOCK: Final = murmur2(b"duebook imports")  # Of a service's database: one process does imports.

_log = structlog.get_logger(__name__)
_throttled = ThrottledLog(__name__)


class ImportLine(BatchLine):
    """A line of a file: that of a batch, and whose resource it is."""

    resource: str


class ImportRunner:
    """Does imports in a process that serves routes."""

    def __init__(self, store: ImportStore, app: Any, clock: DomainClock) -> None:
        self.store = store
        self._app = app
        self._clock = clock
        self._came = Listener()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="imports")

    def notify(self) -> None:
        """Somebody sent a file, or wants the rest of one done."""
        self._came.notify()

    async def stop(self) -> None:
        """Stops after what was begun: its keys and parts tell how to go on."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:  # Until stop().
            self._came.forget()
            try:
                if await self.store.next_part() is not None:
                    await self._do_all()
            except Exception as problem:
                if not is_transient(problem):
                    _throttled.error("imports_failed", problem)
                else:
                    _throttled.warning("imports_wait", reason=type(problem).__name__)
                await asyncio.sleep(RECONNECT_S)
            else:
                await self._came.wait(LOOK_AGAIN_S)

    async def _do_all(self) -> None:
        """Does all that is left, unless another process does."""
        connection = await self.store.database.own_connection("duebook imports")
        try:
            if not await connection.fetchval(sql.TRY_LOCK, LOCK):
                return
            while (part := await self.store.next_part()) is not None:
                await connection.execute("SELECT")  # Raises when the lock is gone with it.
                await self._do(part)
        finally:
            await connection.close()

    async def _do(self, part: PartToDo) -> None:
        try:
            views = await self._answers(part)
        except Exception as problem:
            if is_transient(problem):
                raise
            _log.exception("import_stopped", import_id=str(part.import_id))
            await self.store.stop(part.import_id, type(problem).__name__)
            return
        failpoints.hit("imports.after_lines")
        answers = b"".join(to_json(view) + b"\n" for view in views)
        accepted = sum(view.status < 400 for view in views)
        await self.store.finish(part, answers, accepted=accepted, refused=len(views) - accepted)
        failpoints.hit("imports.after_answers")

    async def _answers(self, part: PartToDo) -> Sequence[LineView]:
        """Answers all lines of the part, in order, however long that takes."""
        found: dict[int, LineView] = {}
        placed: list[Placed] = []
        for one in _read(part):
            if isinstance(one, LineView):
                found[one.line] = one
            else:
                placed.append(one)
        lines = Lines(self._app, self._app.fast_path, is_dry_run=part.is_dry_run)
        while placed:
            views = await lines.answer(placed, await self._clock.now())
            done = next((n for n, view in enumerate(views) if _waits(view)), len(views))
            found |= {view.line: view for view in views[:done]}
            placed = placed[done:]  # Those after it may have been refused because of it.
            if placed:
                await asyncio.sleep(PAUSE_S)
        return [found[number] for number in sorted(found)]


def _read(part: PartToDo) -> Iterator[Placed | LineView]:
    """Each line of the part that is not blank, or what is wrong with it."""
    for number, text in enumerate(part.content.split(b"\n"), part.first_line):
        if not text.strip():
            continue
        try:
            line = ImportLine.model_validate(decoded(text))
        except (Problem, ValidationError) as problem:
            yield _refused(number, problem)
        else:
            yield Placed(number, line.resource, line)


def _refused(number: int, problem: Problem | ValidationError) -> LineView:
    if isinstance(problem, ValidationError):
        errors: list[Mapping[str, Any]] = [
            {**error, "loc": ("body", *error["loc"])} for error in problem.errors()
        ]
        problem = problem_of(errors)
    document = msgspec.Raw(of_problem(problem, None).body)
    return LineView(line=number, status=problem.status, replayed=False, problem=document)


def _waits(view: LineView) -> bool:
    """Whether the line can be taken later."""
    if not isinstance(view.problem, msgspec.Raw):
        return False
    code: str = msgspec.json.decode(view.problem)["code"]
    return code in RETRY
