"""Use cases of a payment: it comes in, is given to invoices, is taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from services.ledger.cash.domain import allocation
from services.ledger.cash.domain.payment import commands, decide
from services.ledger.cash.domain.payment.decide import payment
from services.ledger.cash.domain.payment.state import State
from services.ledger.customers.domain.account.decide import account
from services.ledger.receivables.domain.invoice import state as invoice_state
from services.ledger.receivables.domain.invoice.decide import invoice
from shared.kernel.decider import AnyChange, Decided, PrivateRow, States, Work, changed

Decide = Callable[[State, Mapping[UUID, invoice_state.State]], allocation.Decision]


def receive(command: commands.ReceivePayment, payer: Mapping[str, str]) -> Work[State]:
    """`payer` goes into the party table only, and into no event."""
    stream = payment.stream(command.book, command.number)
    of = account.existing(command.account_id)

    def decided(states: States) -> Sequence[AnyChange]:
        received = decide.receive(
            command, states.of(stream), payment_id=stream.id, of=states.of(of)
        )
        return [changed(stream, received)]

    row = PrivateRow("party", decide.payer_of(stream.id), payer)
    private = [row] if command.has_payer else []
    return Work((stream, of), decided, private=private)


def allocate(command: commands.AllocatePayment) -> Work[State]:
    named = [share.invoice_id for share in command.shares]
    return _over_both(
        command.payment_id,
        named,
        lambda state, others: allocation.allocate(command, state, others),
    )


def allocate_oldest_first(command: commands.AllocateOldestFirst) -> Work[State]:
    return _over_both(
        command.payment_id,
        command.candidates,
        lambda state, others: allocation.allocate_oldest_first(command, state, others),
    )


def reverse(command: commands.ReversePayment) -> Work[State]:
    return _over_both(
        command.payment_id,
        command.invoices,
        lambda state, others: allocation.reverse(command, state, others),
    )


def _over_both(payment_id: UUID, invoice_ids: Sequence[UUID], decide_both: Decide) -> Work[State]:
    stream = payment.existing(payment_id)
    others = [invoice.existing(invoice_id) for invoice_id in dict.fromkeys(invoice_ids)]

    def decided(states: States) -> Sequence[AnyChange]:
        decision = decide_both(states.of(stream), {other.id: states.of(other) for other in others})
        on, zone = decision.effective_on, decide.facts_of(states.of(stream)).time_zone
        return [
            changed(stream, Decided(on, decision.of_payment, zone)),
            *(
                changed(other, Decided(on, decision.of_invoices[other.id], zone))
                for other in others
                if other.id in decision.of_invoices
            ),
        ]

    return Work((stream, *others), decided)
