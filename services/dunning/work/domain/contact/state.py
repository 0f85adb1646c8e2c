"""What a contact is: there or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.dunning.work.domain.contact.events import ContactRecorded


@dataclass(frozen=True, slots=True)
class NotRecorded:
    pass


@dataclass(frozen=True, slots=True)
class Contacted:
    """Nothing changes it any more: the state is what was recorded."""

    recorded: ContactRecorded


State = NotRecorded | Contacted

NOT_RECORDED: Final[State] = NotRecorded()
