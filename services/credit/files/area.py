"""Files: the credit file of every account, its reviews, scores and grades."""

from __future__ import annotations

from typing import Final

from services.credit.files.api import credit_files as api
from services.credit.files.domain.credit_file import commands, events
from services.credit.files.domain.credit_file.decide import credit_file
from services.credit.files.handlers import credit_file as handlers
from services.credit.files.projections import credit_files
from services.credit.files.projections.review_facts import review_facts
from services.credit.files.reactions import (
    when_account_was_opened_open_its_credit_file,
    when_review_started_score_the_customer,
)
from shared.platform.area import Area, reaction

AREA: Final = Area(
    name="files",
    aggregates=(credit_file,),
    events={
        "credit.credit_file.opened.v1": events.CreditFileOpened,
        "credit.credit_file.review_started.v1": events.CreditFileReviewStarted,
        "credit.credit_file.scored.v1": events.CreditFileScored,
        "credit.credit_file.grade_changed.v1": events.CreditFileGradeChanged,
    },
    handlers={
        commands.OpenCreditFile: handlers.open_file,
        commands.RecordScore: handlers.record_score,
    },
    read_models=(credit_files.READ_MODEL,),
    reactions=(
        reaction(when_account_was_opened_open_its_credit_file),
        reaction(when_review_started_score_the_customer, ask=review_facts),
    ),
    routes=(api.router,),
)
