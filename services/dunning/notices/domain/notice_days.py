"""What a notice says about days, and until when it may leave. Pure.

The ledger decides what is overdue; here days are only counted for the reader.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from services.dunning.notices.domain.notice.events import NoticeQueued

LATE_DAYS_MAX: Final = 3  # days after it was written; then its amounts may be paid, its tone wrong


def days_past_due(due_on: date, written_on: date) -> int:
    """As the notice shows them; none before the due date and on it."""
    return max(0, (written_on - due_on).days)


def is_too_late(notice: NoticeQueued, today: date) -> bool:
    """Whether it may not leave any more: long after its day, or "due soon" when it is due."""
    if (today - notice.written_on).days > LATE_DAYS_MAX:
        return True
    return notice.step < 0 and any(item.due_on <= today for item in notice.items)
