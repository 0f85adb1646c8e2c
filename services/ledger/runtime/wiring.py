"""The ledger, put together: its words, its rules, its read models, its routes."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from services.ledger.cash.api import payments
from services.ledger.cash.domain.payment.decide import payment
from services.ledger.cash.projections.payments import PAYMENTS
from services.ledger.contract.inbox import HEARD
from services.ledger.customers.api import legal_entities
from services.ledger.customers.domain.account.decide import account
from services.ledger.customers.domain.legal_entity.decide import legal_entity
from services.ledger.customers.projections.accounts import ACCOUNTS
from services.ledger.receivables.api import invoices
from services.ledger.receivables.domain.invoice import decide as invoice
from services.ledger.receivables.handlers import invoice as invoice_handlers
from services.ledger.receivables.projections.invoices import INVOICES
from services.ledger.reports.api import accounts, open_items
from services.ledger.reports.api import aging as reports
from services.ledger.reports.projections.open_items import OPEN_ITEMS
from services.ledger.runtime import problems
from services.ledger.runtime.published import PUBLISHED
from services.ledger.runtime.settings import Settings
from shared.kernel.decider import Work
from shared.platform.service import Service

NAME: Final = "ledger"


class BadThresholds(ValueError):
    """Thresholds are days past due: whole, not zero, each once, at least one above zero."""


def service(settings: Settings) -> Service:
    """Changed thresholds concern an invoice from its next event on.

    Raises BadThresholds, BadEdges.
    """
    days = settings.thresholds
    if 0 in days or len(set(days)) < len(days) or max(days, default=0) < 1:
        raise BadThresholds
    kind = invoice.invoices(tuple(sorted(days)))

    def fire(_kind: str, stream: UUID, timer: str, due_at: datetime) -> Work:
        return invoice_handlers.fire(kind, stream, timer, due_at)  # Only invoices have timers.

    return Service(
        name=NAME,
        own=PUBLISHED,
        heard=HEARD,
        aggregates=[legal_entity, account, kind, payment],
        fire=fire,
        handlers={},
        projections=[OPEN_ITEMS, INVOICES, PAYMENTS, ACCOUNTS],
        reactions=[],
        routers=[
            legal_entities.router,
            accounts.router,
            invoices.router,
            payments.router,
            open_items.router,
            reports.router(settings.aging_edges),
        ],
        problems=problems.STATUS,
    )
