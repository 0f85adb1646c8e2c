"""Use cases of a promise: name the stream, decide, answer. Pure; no rule lives here."""

from __future__ import annotations

from collections.abc import Mapping

from services.dunning.accounts.views.account import AccountRefView
from services.dunning.work.domain.promise import commands, decide
from services.dunning.work.domain.promise.decide import note_id, promise, promise_stream
from services.dunning.work.domain.promise.state import Kept, NotMade
from services.dunning.work.views.work import PromiseMadeView
from shared.kernel.decider import CorruptHistory, PrivateRow, States, Work, work_on
from shared.platform.codec import to_json


def make_promise(command: commands.MakePromise, note: Mapping[str, str]) -> Work:
    """The customer says what will be paid by when."""
    stream = promise_stream(command.book, command.number)

    def answer(states: States) -> bytes:
        state = states.of(stream)
        if isinstance(state, NotMade):
            raise CorruptHistory("a promise that was made is not there")
        view = PromiseMadeView(
            id=stream.id,
            version=states.version(stream),
            account=AccountRefView(
                id=state.made.account_id,
                legal_entity=states.legal_entity(stream),
                number=state.made.account_number,
            ),
            number=state.made.number,
            status="kept" if isinstance(state, Kept) else "open",
            amount=state.made.amount,
            promised_on=state.made.promised_on,
            made_on=state.made.made_on,
        )
        return to_json(view)

    return work_on(
        stream,
        lambda state: decide.make_promise(command, state),
        answer,
        [PrivateRow("note", note_id(stream.id), note)] if note else [],
    )


def keep_promise(command: commands.KeepPromise) -> Work:
    """The cash has come in time."""
    stream = promise.existing(command.promise_id)
    return work_on(stream, lambda state: decide.keep_promise(command, state))
