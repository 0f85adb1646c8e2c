"""Use cases of a credit file: opened, reviewed, scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from uuid import UUID

from services.credit.files.domain.credit_file import commands, decide, events
from services.credit.files.domain.credit_file.decide import credit_file
from services.credit.files.domain.credit_file.state import Opened, State
from shared.kernel.decider import AnyChange, States, Stream, Work, expect, on_day
from shared.platform.codec import to_json

FileStream = Stream[State, events.Event]


def open_file(command: commands.OpenCreditFile) -> Work:
    stream = credit_file.stream(command.book, str(command.account_id))
    return _work(
        stream,
        lambda state: decide.open_file(command, state),
        command.effective_on,
        lambda _: command.time_zone,
    )


def start_review(command: commands.StartReview) -> Work:
    stream = credit_file.existing(command.file_id)
    return _work(stream, lambda state: decide.start_review(command, state), command.as_of)


def record_score(command: commands.RecordScore) -> Work:
    stream = credit_file.existing(command.file_id)
    as_of = command.behavior.as_of
    return _work(stream, lambda state: decide.record_score(command, state), as_of)


def fire(_kind: str, stream: UUID, name: str, _due_at: datetime) -> Work:
    """A month end is over. Only credit files have timers here."""
    return start_review(commands.StartReview(file_id=stream, as_of=decide.as_of_timer(name)))


def _work(
    stream: FileStream,
    decided: Callable[[State], Sequence[events.Event]],
    day: date,
    zone_of: Callable[[State], str] = lambda state: expect(state, Opened).time_zone,
) -> Work:
    def changes(states: States) -> Sequence[AnyChange]:
        state = states.of(stream)
        return [on_day(stream, decided(state), day, zone_of(state))]

    return Work([stream], changes, lambda states: _answer(states, stream))


def _answer(states: States, stream: FileStream) -> bytes:
    state = states.of(stream)
    grade = state.standing.grade if isinstance(state, Opened) else None
    return to_json({"id": stream.id, "version": states.version(stream), "grade": grade})
