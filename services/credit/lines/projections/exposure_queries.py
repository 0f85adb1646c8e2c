"""Questions asked of the exposure tables. Sums are made where the rows are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import LateralFromClause

from services.credit.lines.domain.exposure import Movement
from services.credit.lines.projections.exposure import (
    ExposureAccountRow,
    exposure_account,
    exposure_limit,
    exposure_movement,
    exposure_now,
)
from shared.kernel.money import Money
from shared.platform.projector.keyset import (
    Record,
    find,
    grouped,
    one_of,
    one_row,
    rows_after,
)
from shared.platform.projector.sums import sum_in, sums_by

ZONES_MAX: Final = 1_000  # time zones of accounts; the IANA list has fewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """An account's exposure at the end of its day `as_of`, and the limit of that day.

    Both are in the account's currency; what it owes in others is never added to them.
    """

    account_id: UUID
    legal_entity: str
    account_number: str
    as_of: date
    exposure: Money
    others: Sequence[Money]  # By currency, without zeros.
    limit: Money | None
    line_version: int  # Of the credit line; 0: no limit was set.

    @property
    def available(self) -> Money | None:
        return None if self.limit is None else self.limit - self.exposure

    @property
    def is_exceeded(self) -> bool:
        return self.limit is not None and self.exposure > self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which accounts; empty filters mean all."""

    tenant_id: UUID
    account_ids: Sequence[UUID] = ()
    legal_entities: Sequence[str] = ()
    account_numbers: Sequence[str] = ()
    is_exceeded: bool | None = None
    has_limit: bool = False


@dataclass(frozen=True, slots=True)
class At:
    """A moment; `days` are the accounts' todays by time zone where no day is asked for."""

    as_of: date | None
    as_known: datetime
    days: Mapping[str, date]


async def time_zones(connection: AsyncConnection, tenant_id: UUID) -> Sequence[str]:
    account = exposure_account.c
    found = await connection.execute(
        sa.select(account.time_zone)
        .where(account.tenant_id == tenant_id)
        .distinct()
        .limit(ZONES_MAX)
    )
    return list(found.scalars())


async def find_account(
    connection: AsyncConnection, tenant_id: UUID, account_id: UUID
) -> ExposureAccountRow | None:
    return await find(connection, ExposureAccountRow, tenant_id=tenant_id, account_id=account_id)


async def exposures(
    connection: AsyncConnection,
    wanted: Wanted,
    at: At,
    *,
    after: Sequence[str] | None = None,
    limit: int,
) -> Sequence[Exposed]:
    """Up to limit + 1, by legal entity and account number.

    What is kept of now is taken where nothing of it is left out; else movements are summed.
    """
    account, now = exposure_account.c, exposure_now.c
    as_of = _day(at)
    is_whole = sa.and_(now.last_on <= as_of, now.last_at <= at.as_known)
    owed = sa.case((is_whole, now.minor), else_=_owed(as_of, at.as_known))
    line = _line(as_of, at.as_known)
    query = (
        sa.select(
            account.account_id,
            account.legal_entity,
            account.account_number,
            account.currency,
            as_of.label("as_of"),
            owed.label("minor"),
            line.c.limit_minor,
            line.c.version,
        )
        .select_from(
            exposure_account.join(
                exposure_now,
                sa.and_(now.tenant_id == account.tenant_id, now.account_id == account.account_id),
            ).outerjoin(line, sa.true())
        )
        .where(*_filters(wanted, owed, line))
    )
    if wanted.is_exceeded:
        query = query.where(_may_exceed(at))
    key = [account.legal_entity, account.account_number]
    rows = await rows_after(connection, query, key, after, limit)
    others = await _others(connection, wanted.tenant_id, [row["account_id"] for row in rows], at)
    return [_exposed(row, others.get(row["account_id"], ())) for row in rows]


async def limit_of(
    connection: AsyncConnection, account: tuple[UUID, UUID], as_of: date, as_known: datetime
) -> Money | None:
    """The limit of one account (tenant, id) on a day."""
    row = exposure_limit.c
    found = await one_row(
        connection,
        sa.select(row.limit_minor, row.currency)
        .where(
            row.tenant_id == account[0],
            row.account_id == account[1],
            row.effective_on <= as_of,
            row.recorded_at <= as_known,
        )
        .order_by(row.version.desc())
        .limit(1),
    )
    return None if found is None else Money(found["limit_minor"], found["currency"])


async def movements_of(
    connection: AsyncConnection,
    account: tuple[UUID, UUID],
    currency: str,
    as_of: date,
    as_known: datetime,
) -> Sequence[Movement]:
    """The movements of one account (tenant, id) in a currency up to a day, one per day."""
    row = exposure_movement.c
    found = await connection.execute(
        sums_by(
            row.currency,
            sa.select(row.effective_on)
            .where(
                row.tenant_id == account[0],
                row.account_id == account[1],
                row.currency == currency,
                row.effective_on <= as_of,
                row.recorded_at <= as_known,
            )
            .group_by(row.effective_on),
            minor=row.minor,
        )
    )
    return [
        Movement(row["effective_on"], Money(row["minor"], row["currency"]))
        for row in found.mappings()
    ]


async def _others(
    connection: AsyncConnection, tenant_id: UUID, accounts: Sequence[UUID], at: At
) -> Mapping[UUID, Sequence[Money]]:
    """What these accounts owe in currencies that are not theirs; without zeros."""
    account, row = exposure_account.c, exposure_movement.c
    owed = sums_by(
        row.currency,
        sa.select(row.account_id)
        .join_from(
            exposure_account,
            exposure_movement,
            sa.and_(
                row.tenant_id == account.tenant_id,
                row.account_id == account.account_id,
                row.currency != account.currency,
            ),
        )
        .where(
            account.tenant_id == tenant_id,
            account.account_id.in_(accounts),
            row.effective_on <= _day(at),
            row.recorded_at <= at.as_known,
        )
        .group_by(row.account_id)
        .order_by(row.currency),
        minor=row.minor,
    )
    found = grouped((await connection.execute(owed)).mappings(), "account_id")
    return {
        account_id: [Money(each["minor"], each["currency"]) for each in rows if each["minor"]]
        for account_id, rows in found.items()
    }


def _day(at: At) -> sa.ColumnElement[date]:
    if at.as_of is not None:
        return sa.literal(at.as_of, sa.Date)
    if not at.days:  # There is no account.
        return sa.literal(at.as_known.date(), sa.Date)
    days = {zone: sa.literal(day, sa.Date) for zone, day in at.days.items()}
    return sa.case(days, value=exposure_account.c.time_zone)


def _may_exceed(at: At) -> sa.ColumnElement[bool]:
    """Who exceeds the limit now, and whoever may have been elsewhere then: found by indexes."""
    now = exposure_now.c
    earliest = at.as_of or min(at.days.values(), default=at.as_known.date())
    return sa.or_(now.is_exceeded, now.last_on > earliest, now.last_at > at.as_known)


def _owed(as_of: sa.ColumnElement[date], as_known: datetime) -> sa.ColumnElement[int]:
    """In the account's currency."""
    row = exposure_movement.c
    return (
        sa.select(sum_in(exposure_account.c.currency, row.currency, row.minor))
        .where(
            row.tenant_id == exposure_account.c.tenant_id,
            row.account_id == exposure_account.c.account_id,
            row.effective_on <= as_of,
            row.recorded_at <= as_known,
        )
        .correlate(exposure_account)
        .scalar_subquery()
    )


def _line(as_of: sa.ColumnElement[date], as_known: datetime) -> LateralFromClause:
    row = exposure_limit.c
    return (
        sa.select(row.limit_minor, row.version)
        .where(
            row.tenant_id == exposure_account.c.tenant_id,
            row.account_id == exposure_account.c.account_id,
            row.effective_on <= as_of,
            row.recorded_at <= as_known,
        )
        .order_by(row.version.desc())
        .limit(1)
        .lateral("line")
    )


def _filters(
    wanted: Wanted, owed: sa.ColumnElement[int], line: LateralFromClause
) -> Sequence[sa.ColumnElement[bool]]:
    account = exposure_account.c
    values = {
        "account_id": wanted.account_ids,
        "legal_entity": wanted.legal_entities,
        "account_number": wanted.account_numbers,
    }
    found = [account.tenant_id == wanted.tenant_id, *one_of(account, values)]
    if wanted.has_limit:
        found.append(line.c.limit_minor.is_not(None))
    if wanted.is_exceeded is not None:
        exceeds = sa.func.coalesce(owed > line.c.limit_minor, sa.false())
        found.append(exceeds if wanted.is_exceeded else sa.not_(exceeds))
    return found


def _exposed(row: Record, others: Sequence[Money]) -> Exposed:
    currency = row["currency"]
    minor = row["limit_minor"]
    return Exposed(
        account_id=row["account_id"],
        legal_entity=row["legal_entity"],
        account_number=row["account_number"],
        as_of=row["as_of"],
        exposure=Money(row["minor"], currency),
        others=others,
        limit=None if minor is None else Money(minor, currency),
        line_version=row["version"] or 0,
    )
