"""Use cases of a promise: name the stream and what is decided. Pure; no rule lives here."""

from __future__ import annotations

from collections.abc import Mapping

from services.dunning.work.domain.promise import commands, decide
from services.dunning.work.domain.promise.decide import note_id, promise, promise_stream
from services.dunning.work.domain.promise.state import State
from shared.kernel.decider import PrivateRow, Work, work_now, work_on


def make_promise(command: commands.MakePromise, note: Mapping[str, str]) -> Work[State]:
    """The customer says what will be paid by when."""
    stream = promise_stream(command.book, command.number)
    return work_on(
        stream,
        lambda state: decide.make_promise(command, state),
        private=[PrivateRow("note", note_id(stream.id), note)] if note else [],
    )


def keep_promise(command: commands.KeepPromise) -> Work[State]:
    """The cash has come in time."""
    stream = promise.existing(command.promise_id)
    return work_now(stream, lambda state, now: decide.keep_promise(command, state, now=now))


def end_promise(command: commands.EndPromise) -> Work[State]:
    """Its day has passed: it is kept or broken."""
    stream = promise.existing(command.promise_id)
    return work_now(stream, lambda state, now: decide.end_promise(command, state, now=now))


def reopen_promise(command: commands.ReopenPromise) -> Work[State]:
    """The cash was returned: it is open again, or broken."""
    stream = promise.existing(command.promise_id)
    return work_now(stream, lambda state, now: decide.reopen_promise(command, state, now=now))
