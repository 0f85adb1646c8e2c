"""Which status a broken rule is answered with. 409: not in this state; 422: never right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.dunning.domain.contact.decide import UnknownOpenItem
from services.dunning.domain.notice.decide import NoticeNotQueued
from services.dunning.domain.promise.decide import (
    AmountNotPositive,
    CurrencyMismatch,
    PromisedDateIsPast,
    PromiseNotMade,
)
from services.dunning.domain.rejections import (
    EffectiveDateOutOfRange,
    NumberAlreadyUsed,
    UnknownAccount,
)
from services.dunning.domain.task.decide import TaskNotOpen
from shared.kernel.decider import Rejected

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
