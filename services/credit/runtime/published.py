"""Credit's words on the log: stable type names and the classes that are written under them.

All events are published; a name, once given, means the same for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.credit.files.domain.credit_file import events as credit_file
from services.credit.lines.domain.credit_line import events as credit_line

PUBLISHED: Final[Mapping[str, type]] = {
    "credit.credit_file.opened.v1": credit_file.CreditFileOpened,
    "credit.credit_file.review_started.v1": credit_file.CreditFileReviewStarted,
    "credit.credit_file.scored.v1": credit_file.CreditFileScored,
    "credit.credit_file.grade_changed.v1": credit_file.CreditFileGradeChanged,
    "credit.credit_line.limit_set.v1": credit_line.CreditLineLimitSet,
}
