"""What does an account owe in each currency, and what may it owe? Dated, as it was known.

The exposure in a currency is the sum of the account's open items in it, unallocated money taken
off. Allocations move nothing here: what an invoice loses by them, the payment's rest gains.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from services.credit.contract import inbox
from services.credit.lines.domain.credit_line import events
from shared.kernel.decider import expect
from shared.kernel.envelope import Recorded
from shared.kernel.money import Money, total
from shared.platform.projector.port import Key, Need, Projection, Rows
from shared.platform.projector.rows import Index, row, table_of

NEVER_ON: Final = date(1900, 1, 1)  # Before anything moved.
NEVER_AT: Final = datetime(1900, 1, 1, tzinfo=UTC)


@row(
    table="exposure_account",
    key=("tenant_id", "account_id"),
    indexes=(Index(("tenant_id", "legal_entity", "account_number")),),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureAccountRow:
    tenant_id: UUID
    account_id: UUID
    legal_entity: str
    account_number: str
    time_zone: str
    currency: str


@row(table="exposure_movement", key=("tenant_id", "account_id", "stream_id", "version"))
@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureMovementRow:
    tenant_id: UUID
    account_id: UUID
    stream_id: UUID  # Of the invoice or payment,
    version: int  # and its event.
    currency: str
    minor: int  # Signed: what is owed grows with it.
    effective_on: date
    recorded_at: datetime


@row(table="exposure_limit", key=("tenant_id", "account_id", "version"))
@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureLimitRow:
    tenant_id: UUID
    account_id: UUID
    version: int  # Of the credit line.
    currency: str  # The account's.
    limit_minor: int
    effective_on: date
    recorded_at: datetime


@row(
    table="exposure_now",
    key=("tenant_id", "account_id"),
    indexes=(
        Index(("tenant_id", "account_id"), where="is_exceeded"),
        Index(("tenant_id", "last_on")),
        Index(("tenant_id", "last_at")),
    ),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureNowRow:
    """All movements of an account in its currency beside its last limit.

    It is so at every moment by which nothing of it is left out; others look at the movements.
    """

    tenant_id: UUID
    account_id: UUID
    currency: str  # The account's.
    minor: int
    limit_minor: int | None
    is_exceeded: bool
    last_on: date  # No such movement or limit has a later business date,
    last_at: datetime  # and none was learned later.


exposure_account: Final = table_of(ExposureAccountRow)

exposure_now: Final = table_of(ExposureNowRow)

exposure_movement: Final = table_of(ExposureMovementRow)

exposure_limit: Final = table_of(ExposureLimitRow)


def needs(recorded_events: Sequence[Recorded[Any]]) -> Iterable[Need]:
    """What the account's exposure is so far; every other row is written once."""
    for recorded in recorded_events:
        match recorded.event:
            case inbox.AccountOpened() | events.CreditLineLimitSet():
                yield Need(ExposureNowRow, _key(recorded))
            case event if _moved(event) is not None:
                yield Need(ExposureNowRow, _key(recorded))
            case _:
                pass  # Moves nothing.


def fold(rows: Rows, recorded_events: Sequence[Recorded[Any]]) -> Rows:
    for recorded in recorded_events:
        match recorded.event:
            case inbox.AccountOpened() as event:
                rows.put(_account(recorded))
                rows.put(_now(rows, recorded, Money.zero(event.currency)))
            case events.CreditLineLimitSet(limit=limit):
                rows.put(_limit(recorded))
                now = _now(rows, recorded, Money.zero(limit.currency))
                rows.put(_reached(replace(now, limit_minor=limit.minor), recorded))
            case event:
                amount = _moved(event)
                if amount is not None:
                    rows.put(_movement(recorded, amount))
                    _add(rows, recorded, amount)
    return rows


def _key(recorded: Recorded[Any]) -> Key:
    return recorded.tenant_id, recorded.account_id


def _now(rows: Rows, recorded: Recorded[Any], nothing: Money) -> ExposureNowRow:
    """The account's row so far. A limit may come before the account."""
    known = rows.get(ExposureNowRow, _key(recorded))
    if known is None:
        return ExposureNowRow(
            tenant_id=recorded.tenant_id,
            account_id=recorded.account_id,
            currency=nothing.currency,
            minor=nothing.minor,
            limit_minor=None,
            is_exceeded=False,
            last_on=NEVER_ON,
            last_at=NEVER_AT,
        )
    return known


def _reached(now: ExposureNowRow, recorded: Recorded[Any]) -> ExposureNowRow:
    return replace(
        now,
        is_exceeded=now.limit_minor is not None and now.minor > now.limit_minor,
        last_on=max(now.last_on, recorded.effective_on),
        last_at=max(now.last_at, recorded.recorded_at),
    )


def _add(rows: Rows, recorded: Recorded[Any], amount: Money) -> None:
    now = expect(rows.get(ExposureNowRow, _key(recorded)), ExposureNowRow)
    if amount.currency == now.currency:
        owed = Money(now.minor, now.currency) + amount
        rows.put(_reached(replace(now, minor=owed.minor), recorded))


READ_MODEL: Final = Projection(
    "exposure",
    ("ledger", "credit"),
    (ExposureAccountRow, ExposureMovementRow, ExposureLimitRow, ExposureNowRow),
    needs,
    fold,
)


def _moved(event: object) -> Money | None:
    """By how much an event changes the sum of open items; None: it is about something else."""
    match event:
        case inbox.InvoiceIssued():
            return event.total
        case inbox.InvoiceCanceled():
            currency = event.installments[0].amount.currency
            return -total((each.amount for each in event.installments), currency)
        case inbox.PaymentReceived():
            return -event.amount
        case inbox.PaymentReversed():
            return event.amount
        case _:
            return None


def _account(recorded: Recorded[inbox.AccountOpened]) -> ExposureAccountRow:
    event = recorded.event
    return ExposureAccountRow(
        tenant_id=recorded.tenant_id,
        account_id=event.account_id,
        legal_entity=event.legal_entity,
        account_number=event.number,
        time_zone=event.time_zone,
        currency=event.currency,
    )


def _movement(recorded: Recorded[Any], amount: Money) -> ExposureMovementRow:
    return ExposureMovementRow(
        tenant_id=recorded.tenant_id,
        account_id=recorded.account_id,
        stream_id=recorded.stream_id,
        version=recorded.version,
        currency=amount.currency,
        minor=amount.minor,
        effective_on=recorded.effective_on,
        recorded_at=recorded.recorded_at,
    )


def _limit(recorded: Recorded[events.CreditLineLimitSet]) -> ExposureLimitRow:
    return ExposureLimitRow(
        tenant_id=recorded.tenant_id,
        account_id=recorded.event.account_id,
        version=recorded.version,
        currency=recorded.event.limit.currency,
        limit_minor=recorded.event.limit.minor,
        effective_on=recorded.effective_on,
        recorded_at=recorded.recorded_at,
    )
