"""An invoice that is entered together with the payments it has got: one deed over all of them.

The same facts follow as from entering each by itself, in the order of their days. Refuses more
than the total, and another currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from services.ledger.cash.domain import allocation
from services.ledger.cash.domain.payment import commands
from services.ledger.cash.domain.payment import decide as on_payment
from services.ledger.cash.domain.payment import events as payment_events
from services.ledger.cash.domain.payment import state as payment
from services.ledger.customers.domain.account import state as account
from services.ledger.receivables.domain.invoice import commands as invoice_commands
from services.ledger.receivables.domain.invoice import decide as on_invoice
from services.ledger.receivables.domain.invoice import events as invoice_events
from services.ledger.receivables.domain.invoice import state as invoice
from shared.kernel.decider import Decided, Steps, Stream
from shared.kernel.money import Money
from shared.kernel.rejections import CurrencyMismatch

SETTLEMENTS_MAX: Final = 20  # payments one invoice is entered with: three events each, in one deed


class Streams(NamedTuple):
    """The streams it is decided over; a payment for each settlement, in their order."""

    invoice: Stream[invoice.State, invoice_events.Event]
    account: Stream[account.State, Any]
    payments: Sequence[Stream[payment.State, payment_events.Event]]


def issue(
    command: invoice_commands.IssueInvoice,
    settlements: Sequence[commands.Settlement],
    steps: Steps,
    streams: Streams,
) -> None:
    """A prepayment waits unallocated for the invoice date; other money is given on its day."""
    of = steps.of(streams.account)
    state = steps.of(streams.invoice)
    steps.take(
        streams.invoice,
        on_invoice.issue(command, state, invoice_id=streams.invoice.id, of=of),
    )
    _check_sum(settlements, command.total)
    for at in sorted(range(len(settlements)), key=lambda at: settlements[at].value_on):
        _settle(command, settlements[at], steps, streams, at)


def _check_sum(settlements: Sequence[commands.Settlement], left: Money) -> None:
    for at, each in enumerate(settlements):
        if each.amount.currency != left.currency:
            raise CurrencyMismatch(f"/settlements/{at}/amount/currency")
        if each.amount > left:
            raise on_invoice.AllocationExceedsOpenAmount(f"/settlements/{at}/amount/amount")
        left = left - each.amount


def _settle(
    command: invoice_commands.IssueInvoice,
    settlement: commands.Settlement,
    steps: Steps,
    streams: Streams,
    at: int,
) -> None:
    """The money comes in, and is given to the invoice."""
    paid, billed, field = streams.payments[at], streams.invoice, f"/settlements/{at}"
    receive = commands.ReceivePayment(
        book=command.book,
        account_id=command.account_id,
        number=settlement.payment_number,
        amount=settlement.amount,
        value_on=settlement.value_on,
        method=settlement.method,
        has_payer=False,
        reference=settlement.reference,
        now=command.now,
    )
    received = on_payment.receive(
        receive,
        steps.of(paid),
        payment_id=paid.id,
        of=steps.of(streams.account),
        fields=on_payment.Pointers(
            f"{field}/payment_number", f"{field}/amount", f"{field}/value_on"
        ),
    )
    steps.take(paid, received)
    allocate = commands.AllocatePayment(
        payment_id=paid.id,
        shares=(commands.Share(invoice_id=billed.id, amount=settlement.amount),),
        effective_on=max(settlement.value_on, command.issued_on),
        now=command.now,
    )
    given = allocation.allocate(
        allocate, steps.of(paid), {billed.id: steps.of(billed)}, fields=[field]
    )
    steps.take(paid, Decided(given.effective_on, given.of_payment, received.time_zone))
    applied = given.of_invoices[billed.id]
    steps.take(billed, Decided(given.effective_on, applied, received.time_zone))
