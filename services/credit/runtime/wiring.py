"""The credit service put together: which event leads to which reaction, which word means what."""

from __future__ import annotations

from services.credit.contract.inbox import HEARD
from services.credit.files.api import credit_files
from services.credit.files.domain.credit_file import commands
from services.credit.files.domain.credit_file.decide import credit_file
from services.credit.files.handlers import credit_file as handlers
from services.credit.files.projections import credit_files as files
from services.credit.files.projections.review_facts import review_facts
from services.credit.files.reactions import (
    when_account_was_opened_open_its_credit_file as when_account_was_opened,
)
from services.credit.files.reactions import (
    when_review_started_score_the_customer as when_review_started,
)
from services.credit.lines.api import credit_lines, exposures
from services.credit.lines.domain.credit_line.decide import credit_line
from services.credit.lines.projections import exposure
from services.credit.runtime.problems import STATUS
from services.credit.runtime.published import PUBLISHED
from services.credit.runtime.settings import Settings
from services.credit.scorecards.projections import behavior
from shared.platform.reactor.port import Reaction
from shared.platform.service import Service

NAME = "credit"


def service(_settings: Settings) -> Service:
    """There is nothing to set yet."""
    return Service(
        name=NAME,
        own=PUBLISHED,
        heard=HEARD,
        aggregates=[credit_file, credit_line],
        fire=handlers.fire,
        handlers={
            commands.OpenCreditFile: handlers.open_file,
            commands.RecordScore: handlers.record_score,
        },
        projections=[behavior.PROJECTION, exposure.PROJECTION, files.PROJECTION],
        reactions=[
            Reaction(
                "when_account_was_opened_open_its_credit_file",
                when_account_was_opened.HEARS,
                when_account_was_opened.react,
                when_account_was_opened.NEEDS,
            ),
            Reaction(
                "when_review_started_score_the_customer",
                when_review_started.HEARS,
                when_review_started.react,
                when_review_started.NEEDS,
                review_facts,
            ),
        ],
        routers=[credit_files.router, credit_lines.router, exposures.router],
        problems=STATUS,
    )
