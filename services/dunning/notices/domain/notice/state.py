"""What a notice is, reduced to what decisions need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.dunning.notices.domain.notice.events import Carried, NoticeQueued


@dataclass(frozen=True, slots=True)
class NotQueued:
    pass


@dataclass(frozen=True, slots=True)
class Queued:
    notice: NoticeQueued

    @property
    def carried(self) -> Carried:
        """What an event says when nobody gets it."""
        return Carried(
            account_id=self.notice.account_id,
            account_number=self.notice.account_number,
            currency=self.notice.currency,
            channel=self.notice.channel,
            template=self.notice.template,
            step=self.notice.step,
            grade=self.notice.grade,
            part=self.notice.part,
        )


@dataclass(frozen=True, slots=True)
class Ended:
    """Somebody has it, or nobody will."""


State = NotQueued | Queued | Ended

NOT_QUEUED: Final[State] = NotQueued()
