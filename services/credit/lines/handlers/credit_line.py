"""The use case of a credit line: its limit is set."""

from __future__ import annotations

from services.credit.lines.domain.credit_line import commands, decide
from services.credit.lines.domain.credit_line.decide import credit_line
from services.credit.lines.views.line import of_state
from shared.kernel.decider import States, Work, work_on
from shared.platform.codec import to_json


def set_limit(command: commands.SetLimit) -> Work:
    stream = credit_line.stream(command.book, str(command.account_id))

    def answer(states: States) -> bytes:
        view = of_state(
            account_id=command.account_id,
            version=states.version(stream),
            legal_entity=command.book.legal_entity,
            account_number=command.account_number,
            state=states.of(stream),
        )
        return to_json(view)

    return work_on(stream, lambda state: decide.set_limit(command, state), answer)
