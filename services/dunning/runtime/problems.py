"""Which status a broken rule is answered with. 409: not in this state; 422: never right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.dunning.notices.domain.notice.decide import NoticeNotQueued
from services.dunning.work.domain.contact.decide import UnknownOpenItem
from services.dunning.work.domain.promise.decide import (
    AmountNotPositive,
    CurrencyMismatch,
    PromisedDateIsPast,
    PromiseNotMade,
)
from services.dunning.work.domain.task.decide import TaskNotOpen
from shared.kernel.decider import Rejected
from shared.kernel.rejections import (
    EffectiveDateOutOfRange,
    NumberAlreadyUsed,
    UnknownAccount,
)

STATUS: Final[Mapping[type[Rejected], int]] = {
    NumberAlreadyUsed: 409,
    NoticeNotQueued: 409,
    PromiseNotMade: 409,
    TaskNotOpen: 409,
    AmountNotPositive: 422,
    CurrencyMismatch: 422,
    EffectiveDateOutOfRange: 422,
    PromisedDateIsPast: 422,
    UnknownAccount: 422,
    UnknownOpenItem: 422,
}
