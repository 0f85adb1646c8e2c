"""Builders of the ledger: one entity, one account, events as they would be written, and a book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from services.ledger.cash.api.payment_view import of_state as payment_of_state
from services.ledger.cash.domain.payment import commands as payment_commands
from services.ledger.cash.domain.payment import events as payment_events
from services.ledger.cash.domain.payment.decide import payment
from services.ledger.cash.domain.payment.state import State as PaymentState
from services.ledger.cash.handlers import payment as payment_handlers
from services.ledger.cash.handlers import settlement as settlement_handlers
from services.ledger.customers.domain.account import commands as account_commands
from services.ledger.customers.domain.account import state as account
from services.ledger.customers.domain.account.decide import account as accounts
from services.ledger.customers.domain.legal_entity import commands as legal_entity_commands
from services.ledger.customers.handlers import account as account_handlers
from services.ledger.customers.handlers import legal_entity as legal_entity_handlers
from services.ledger.receivables.domain.aging import THRESHOLDS
from services.ledger.receivables.domain.invoice import commands as invoice_commands
from services.ledger.receivables.domain.invoice import events as invoice_events
from services.ledger.receivables.domain.invoice.decide import invoice
from services.ledger.receivables.domain.terms import Terms, net_days
from services.ledger.receivables.handlers import invoice as invoice_handlers
from services.ledger.runtime.wiring import AREAS
from shared.kernel.decider import Book, Work
from shared.kernel.ids import open_item_id
from shared.kernel.money import Money
from shared.platform.area import events_of
from shared.platform.codec import to_json
from tests.support.spec import Streams

TENANT: Final = UUID(int=7001)
BOOK: Final = Book(TENANT, "CN01")
ZONE: Final = "Asia/Shanghai"
INVOICES: Final = invoice
PUBLISHED: Final = events_of(AREAS)
ACCOUNT_ID: Final = accounts.stream(BOOK, "C-1001").id
INVOICE_ID: Final = INVOICES.stream(BOOK, "2026-0131").id
PAYMENT_ID: Final = payment.stream(BOOK, "P-1").id
ISSUED_ON: Final = date(2026, 1, 31)
DUE_ON: Final = date(2026, 3, 2)

ACCOUNT: Final = account.Opened(
    account_id=ACCOUNT_ID,
    legal_entity="CN01",
    number="C-1001",
    time_zone=ZONE,
    currency="CNY",
    party_id=UUID(int=3),
    collector_id=None,
    opened_on=date(2026, 1, 1),
)


def cny(amount: str) -> Money:
    return Money.of(amount, "CNY")


def noon(day: date) -> datetime:
    """Gives noon of that day in the entity's zone."""
    return datetime.combine(day, time(4), UTC)


def issued(
    *,
    total: str = "8000.00",
    due_on: date | None = DUE_ON,
    issued_on: date = ISSUED_ON,
    recorded_on: date | None = None,
    thresholds: tuple[int, ...] = THRESHOLDS,
) -> invoice_events.InvoiceIssued:
    return invoice_events.InvoiceIssued(
        account_id=ACCOUNT_ID,
        account_number="C-1001",
        number="2026-0131",
        total=cny(total),
        issued_on=issued_on,
        installments=(
            invoice_events.Installment(
                installment=1,
                open_item_id=open_item_id(INVOICE_ID, 1),
                due_on=due_on,
                amount=cny(total),
                discounts=(),
            ),
        ),
        terms=None,
        thresholds=thresholds,
        time_zone=ZONE,
        recorded_on=recorded_on or issued_on,
    )


def received(
    *, amount: str = "20000.00", value_on: date = DUE_ON
) -> payment_events.PaymentReceived:
    return payment_events.PaymentReceived(
        account_id=ACCOUNT_ID,
        account_number="C-1001",
        number="P-1",
        amount=cny(amount),
        value_on=value_on,
        method="transfer",
        payer_id=None,
        reference=None,
        open_item_id=open_item_id(PAYMENT_ID, 0),
        time_zone=ZONE,
    )


@dataclass
class LedgerBook:
    """A legal entity and its accounts in memory, driven by the same handlers as the service."""

    accounts: Sequence[str] = ("C-1001",)
    opened_on: date = date(2026, 1, 1)
    streams: Streams = field(
        default_factory=lambda: Streams(TENANT, {event: name for name, event in PUBLISHED.items()})
    )

    def __post_init__(self) -> None:
        now = noon(self.opened_on)
        register = legal_entity_commands.RegisterLegalEntity(
            book=BOOK,
            name="华东贸易",
            time_zone=ZONE,
            currency="CNY",
            take_over_on=None,
            notice_minimum=None,
            address=None,
            now=now,
        )
        self.streams.run(legal_entity_handlers.register(register), now)
        for number in self.accounts:
            opening = account_commands.OpenAccount(
                book=BOOK, number=number, collector_id=None, now=now
            )
            self.streams.run(account_handlers.open_account(opening, {}), now)

    def issue(
        self,
        number: str,
        total: str,
        *,
        on: date,
        net: int | None = 30,
        terms: Terms | None = None,
        account: str = "C-1001",
        currency: str = "CNY",
        entered_on: date | None = None,
        settlements: Sequence[payment_commands.Settlement] = (),
    ) -> UUID:
        command = invoice_commands.IssueInvoice(
            book=BOOK,
            account_id=accounts.stream(BOOK, account).id,
            number=number,
            total=Money.of(total, currency),
            issued_on=on,
            due=terms or (None if net is None else net_days(on, net)),
            thresholds=THRESHOLDS,
            now=noon(entered_on or on),
        )
        self.streams.run(settlement_handlers.issue(command, settlements), command.now)
        return INVOICES.stream(BOOK, number).id

    def receive(
        self, number: str, amount: str, *, value_on: date, on: date, account: str = "C-1001"
    ) -> UUID:
        command = payment_commands.ReceivePayment(
            book=BOOK,
            account_id=accounts.stream(BOOK, account).id,
            number=number,
            amount=cny(amount),
            value_on=value_on,
            method="transfer",
            has_payer=False,
            reference=None,
            now=noon(on),
        )
        self.streams.run(payment_handlers.receive(command, {}), command.now)
        return payment.stream(BOOK, number).id

    def allocate(
        self,
        payment_id: UUID,
        *shares: tuple[UUID, str],
        on: date,
        effective_on: date | None = None,
    ) -> bytes:
        command = payment_commands.AllocatePayment(
            payment_id=payment_id,
            shares=tuple(
                payment_commands.Share(invoice_id=id, amount=cny(amount)) for id, amount in shares
            ),
            effective_on=effective_on,
            now=noon(on),
        )
        named = [id for id, _ in shares]
        return self._pay(payment_handlers.allocate(command), named, command.now)

    def allocate_oldest_first(
        self,
        payment_id: UUID,
        *candidates: UUID,
        on: date,
        effective_on: date | None = None,
    ) -> bytes:
        command = payment_commands.AllocateOldestFirst(
            payment_id=payment_id,
            candidates=candidates,
            effective_on=effective_on,
            now=noon(on),
        )
        return self._pay(payment_handlers.allocate_oldest_first(command), candidates, command.now)

    def reverse(
        self,
        payment_id: UUID,
        *invoices: UUID,
        on: date,
        effective_on: date | None = None,
    ) -> bytes:
        command = payment_commands.ReversePayment(
            payment_id=payment_id,
            reason="bounced",
            invoices=invoices,
            effective_on=effective_on,
            now=noon(on),
        )
        return self._pay(payment_handlers.reverse(command), invoices, command.now)

    def _pay(self, work: Work[PaymentState], invoices: Sequence[UUID], now: datetime) -> bytes:
        """What the route answers."""
        return self.streams.run(
            work.answered(lambda found: to_json(payment_of_state(found, now, invoices))), now
        )

    def cancel(self, invoice_id: UUID, *, on: date, effective_on: date | None = None) -> None:
        command = invoice_commands.CancelInvoice(
            invoice_id=invoice_id, effective_on=effective_on, now=noon(on)
        )
        self.streams.run(invoice_handlers.cancel(command), command.now)

    def fire_due(self, invoice_id: UUID, *, until: datetime) -> None:
        """Lets every timer of the invoice fire that is due, in order."""
        stream = INVOICES.existing(invoice_id)
        for _ in range(20):  # More than there are thresholds.
            waiting = INVOICES.timers(self.streams.state(stream))
            due = sorted((t.due_at, t.name) for t in waiting if t.due_at <= until)
            if not due:
                return
            due_at, name = due[0]
            work = INVOICES.fire(invoice_id, name, due_at)
            self.streams.run(work, until + timedelta(seconds=1))
        raise AssertionError("a timer is still there after it fired")
