"""Books that are written through ledger's own writer: as many events as one wants, without HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Final
from uuid import UUID

import httpx

from services.cli.bench.rows import ACCOUNTS, GROWING, open_books
from services.cli.client.duebook import Duebook
from services.ledger.cash.domain.payment import commands as payments
from services.ledger.cash.domain.payment.decide import payment
from services.ledger.cash.handlers import payment as payment_works
from services.ledger.cash.handlers import settlement
from services.ledger.customers.domain.account.decide import account
from services.ledger.receivables.domain.invoice import commands as invoices
from services.ledger.receivables.domain.invoice.decide import invoice
from services.ledger.receivables.domain.terms import Terms, net_days
from shared.kernel.decider import AnyWork, Book, Caller
from shared.kernel.money import Money
from shared.platform.hosting.host import Host
from shared.platform.hosting.serving import joined

TOTAL: Final = Money.of("1234.50", "CNY")
CENT: Final = Money.of("0.01", "CNY")
TOGETHER: Final = 2_000  # works given to the writer at once; it takes 4,096
NET_DAYS: Final = 30
THRESHOLDS: Final = (-3, 1, 30, 60, 90)  # As a ledger has them that is told nothing.
FINGERPRINT: Final = bytes(32)  # What a request would have been hashed to.
PAID_EVERY: Final = 4  # Every fourth invoice of a backlog comes with its payment.
EVENTS_OF_PAID: Final = 5  # Of an invoice with its payment; one without has one.
ALLOCATIONS: Final = 4  # Of each payment of a busy book: five events for each of its streams.


@asynccontextmanager
async def ledger_at(host: Host) -> AsyncIterator[Duebook]:
    """A client of the service in this process."""
    app = joined({"ledger": host})
    async with Duebook("http://ledger", transport=httpx.ASGITransport(app)) as duebook:
        yield duebook


class LedgerBook:
    """A legal entity with its accounts, and works on their invoices and payments."""

    def __init__(self, host: Host, tenant_id: UUID, now: datetime, *, written: int = 0) -> None:
        """`written` were written before, by another writer."""
        self._writer = host.writer
        self._tenant_id = tenant_id
        self._book = Book(tenant_id, GROWING)
        self._now = now
        self._written = written

    @classmethod
    async def open(cls, host: Host, tenant_id: UUID, now: datetime) -> LedgerBook:
        """Opens the accounts, over HTTP."""
        async with ledger_at(host) as duebook:
            await open_books(duebook, now.date(), (GROWING,))
        return cls(host, tenant_id, now)

    async def write_backlog(self, events: int) -> int:
        """Writes at least so many events: invoices, every fourth with its payment. Gives how many.

        Ids derive from numbers that go on, so a further backlog is other invoices.
        """
        each = PAID_EVERY - 1 + EVENTS_OF_PAID
        groups = -(-events // each)
        await self._write(groups * PAID_EVERY, self._backlog_work)
        return groups * each

    async def write_invoices(
        self, count: int, *, due_on: date, thresholds: tuple[int, ...]
    ) -> None:
        """Writes invoices that are due on a day and reach these thresholds."""
        await self._write(count, lambda n: self._issue(n, due_on, thresholds))

    async def write_busy(self, streams: int) -> int:
        """Writes so many invoices and payments, allocated bit by bit. Gives how many events."""
        first, pairs = self._written, streams // 2
        await self._write(pairs, lambda n: self._issue(n, self._net_days()))
        await self._each("payment", range(first, first + pairs), self._receive)
        for nth in range(ALLOCATIONS):
            await self._each(f"allocation {nth}", range(first, first + pairs), self._allocate)
        return pairs * (2 + 2 * ALLOCATIONS)

    async def _write(self, count: int, work: Callable[[int], AnyWork]) -> None:
        numbers = range(self._written, self._written + count)
        self._written += count
        await self._each("invoice", numbers, work)

    async def _each(self, what: str, numbers: range, work: Callable[[int], AnyWork]) -> None:
        for start in range(numbers.start, numbers.stop, TOGETHER):
            some = range(start, min(numbers.stop, start + TOGETHER))
            waiting: Sequence[Awaitable[object]] = [
                self._writer.enqueue(work(n), self._caller(f"{what} {n}", n)) for n in some
            ]
            await asyncio.gather(*waiting)

    def _caller(self, key: str, number: int) -> Caller:
        return Caller(
            tenant_id=self._tenant_id,
            actor="api",
            now=self._now,
            correlation_id=UUID(int=number),
            key=key,
            fingerprint=FINGERPRINT,
        )

    def _backlog_work(self, number: int) -> AnyWork:
        paid = number % PAID_EVERY == PAID_EVERY - 1
        return self._issue(
            number, self._net_days(), settlements=[self._settlement(number)] if paid else ()
        )

    def _issue(
        self,
        number: int,
        due: Terms | date,
        thresholds: tuple[int, ...] = THRESHOLDS,
        settlements: Sequence[payments.Settlement] = (),
    ) -> AnyWork:
        command = invoices.IssueInvoice(
            book=self._book,
            account_id=self._account(number),
            number=f"I-{number}",
            total=TOTAL,
            issued_on=self._now.date(),
            due=due,
            thresholds=thresholds,
            now=self._now,
        )
        return settlement.issue(command, settlements)

    def _net_days(self) -> Terms:
        return net_days(self._now.date(), NET_DAYS)

    def _settlement(self, number: int) -> payments.Settlement:
        return payments.Settlement(
            payment_number=f"P-{number}",
            amount=TOTAL,
            value_on=self._now.date(),
            method="transfer",
            reference=None,
        )

    def _receive(self, number: int) -> AnyWork:
        command = payments.ReceivePayment(
            book=self._book,
            account_id=self._account(number),
            number=f"P-{number}",
            amount=TOTAL,
            value_on=self._now.date(),
            method="transfer",
            has_payer=False,
            reference=None,
            now=self._now,
        )
        return payment_works.receive(command, {})

    def _allocate(self, number: int) -> AnyWork:
        invoice_id = invoice.stream(self._book, f"I-{number}").id
        command = payments.AllocatePayment(
            payment_id=payment.stream(self._book, f"P-{number}").id,
            shares=(payments.Share(invoice_id=invoice_id, amount=CENT),),
            effective_on=None,
            now=self._now,
        )
        return payment_works.allocate(command)

    def _account(self, number: int) -> UUID:
        return account.stream(self._book, f"C-{number % ACCOUNTS}").id
