"""What does an account owe in each currency, and what may it owe? Dated, as it was known.

The exposure in a currency is the sum of the account's open items in it, unallocated money taken
off. Allocations move nothing here: what an invoice loses by them, the payment's rest gains.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from services.credit.contract import inbox
from services.credit.lines.domain.credit_line import events
from shared.kernel.envelope import Recorded
from shared.kernel.money import Money, total
from shared.platform.projector.port import Need, Projection, Rows
from shared.platform.projector.rows import Index, row, table_of


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


exposure_account: Final = table_of(ExposureAccountRow)

exposure_movement: Final = table_of(ExposureMovementRow)

exposure_limit: Final = table_of(ExposureLimitRow)


def needs(_events: Sequence[Recorded[Any]]) -> Iterable[Need]:
    """Nothing: every row is written once."""
    return ()


def fold(rows: Rows, recorded_events: Sequence[Recorded[Any]]) -> Rows:
    for recorded in recorded_events:
        match recorded.event:
            case inbox.AccountOpened():
                rows.put(_account(recorded))
            case events.CreditLineLimitSet():
                rows.put(_limit(recorded))
            case _:
                amount = _moved(recorded.event)
                if amount is not None:
                    rows.put(_movement(recorded, amount))
    return rows


READ_MODEL: Final = Projection(
    "exposure",
    ("ledger", "credit"),
    (ExposureAccountRow, ExposureMovementRow, ExposureLimitRow),
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
