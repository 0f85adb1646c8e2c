"""What a review asks: the account as of the month's last day, as it was known when it started."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from services.credit.files.domain.credit_file import events
from services.credit.files.domain.review import ReviewFacts
from services.credit.lines.projections.exposure_queries import limit_of, movements_of
from services.credit.scorecards.projections.behavior import history_of
from shared.kernel.envelope import Recorded


async def review_facts(
    connection: AsyncConnection, recorded: Recorded[events.CreditFileReviewStarted]
) -> ReviewFacts:
    """What is learned after the review began is left out: asked again, the answer is the same."""
    account = (recorded.tenant_id, recorded.event.account_id)
    as_of, as_known = recorded.event.as_of, recorded.recorded_at
    history = await history_of(connection, *account, as_known)
    limit_minor = await limit_of(connection, account, as_of, as_known)
    if limit_minor is None:
        return ReviewFacts(history, None, ())
    movements = await movements_of(connection, account, as_of, as_known)
    return ReviewFacts(history, limit_minor, movements)
