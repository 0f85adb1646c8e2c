"""How the ledger's queries settle the time they are asked for, and write their answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from services.ledger.customers.projections import accounts
from shared.kernel.money import Money
from shared.platform.codec import to_json
from shared.platform.http.queries import PointInTime, QueryRequest
from shared.platform.http.tokens import etag
from shared.platform.projector.moment import KNOWN_EVER, At

HOME_ZONE = "UTC"  # Where there is no legal entity yet.


@dataclass(frozen=True, slots=True)
class Settled:
    """The bounds of a question, and what is said of them in the answer."""

    at: At
    as_of: date
    as_known: datetime
    entities: Sequence[RowMapping]  # Those asked about: code, time_zone, currency.

    @property
    def echo(self) -> dict[str, object]:
        return {"as_of": self.as_of, "as_known": self.as_known}


async def settle(
    query: QueryRequest,
    connection: AsyncConnection,
    moment: PointInTime,
    legal_entity: str | None = None,
) -> Settled:
    """Without as_of it is the legal entity's today; over several the latest of their todays."""
    entities = await accounts.zones(connection, query.tenant_id, legal_entity)
    days = [query.today(entity["time_zone"]) for entity in entities]
    as_of = moment.as_of or max(days, default=query.today(HOME_ZONE))
    is_now = moment.as_of is None and moment.as_known is None
    at = At(as_of, moment.as_known or KNOWN_EVER, is_now)
    return Settled(at, as_of, moment.as_known or query.now, entities)


def answer(body: Mapping[str, object], *, version: int | None = None) -> Response:
    headers = {} if version is None else {"etag": etag(version)}
    return Response(to_json(body), headers=headers, media_type="application/json")


def money(minor: int, currency: str) -> Money:
    return Money(minor, currency)
