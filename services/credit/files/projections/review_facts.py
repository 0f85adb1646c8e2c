"""What a review asks: the account as of the month's last day, as it was known when it started."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.files.domain.credit_file import events
from services.credit.files.domain.review import ReviewFacts
from services.credit.lines.projections.exposure import ExposureAccountRow
from services.credit.lines.projections.exposure_queries import (
    find_account,
    limit_of,
    movements_of,
)
from services.credit.scorecards.projections.behavior import histories_of
from shared.kernel.decider import expect
from shared.kernel.envelope import Recorded


async def review_facts(
    connection: AsyncConnection, recorded: Recorded[events.CreditFileReviewStarted]
) -> ReviewFacts:
    """What is learned after the review began is left out: asked again, the answer is the same."""
    account = (recorded.tenant_id, recorded.event.account_id)
    as_of, as_known = recorded.event.as_of, recorded.recorded_at
    known = expect(await find_account(connection, *account), ExposureAccountRow)
    histories = await histories_of(connection, account, known.currency, as_known)
    limit = await limit_of(connection, account, as_of, as_known)
    if limit is None:
        return ReviewFacts(histories, None, ())
    movements = await movements_of(connection, account, limit.currency, as_of, as_known)
    return ReviewFacts(histories, limit, movements)
