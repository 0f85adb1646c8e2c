"""Makes random but lawful lives of a ledger: what a rule refuses does not happen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from hypothesis import strategies as st

from services.ledger.receivables.domain.terms import Discount, Terms, net_days
from shared.kernel.decider import Rejected
from tests.support.ledger import LedgerBook

FIRST_DAY: Final = date(2026, 1, 1)
ACTIONS: Final = ("issue", "receive", "allocate", "oldest", "reverse", "cancel")
ACCOUNTS: Final = ("C-1001", "C-1002")


@dataclass(frozen=True)
class Step:
    action: str
    pick: int  # Which of the things there are.
    other: int
    amount: int  # minor units
    days: int  # since the step before
    back: int | None  # days the business date lies back; None: not said


STEPS: Final = st.lists(
    st.builds(
        Step,
        action=st.sampled_from(ACTIONS),
        pick=st.integers(0, 9),
        other=st.integers(0, 9),
        amount=st.integers(1, 30_000),
        days=st.integers(0, 12),
        back=st.one_of(st.none(), st.integers(0, 25)),
    ),
    max_size=30,
)


@dataclass
class Life:
    """Counts what became of the steps."""

    book: LedgerBook = field(default_factory=lambda: LedgerBook(accounts=ACCOUNTS))
    today: date = FIRST_DAY
    invoices: list[UUID] = field(default_factory=list)
    payments: list[UUID] = field(default_factory=list)
    refused: list[type[Rejected]] = field(default_factory=list)

    def take(self, step: Step) -> None:
        self.today += timedelta(days=step.days)
        try:
            self._try(step)
        except Rejected as rejected:
            self.refused.append(type(rejected))

    def _try(self, step: Step) -> None:
        day = None if step.back is None else self.today - timedelta(days=step.back)
        amount = f"{step.amount // 100}.{step.amount % 100:02}"
        account = ACCOUNTS[step.other % len(ACCOUNTS)]
        acts: dict[str, Callable[[], object]] = {
            "issue": lambda: self.invoices.append(
                self.book.issue(
                    f"I-{len(self.invoices)}",
                    amount,
                    on=self.today,
                    net=None if step.pick == 0 else 3 * step.pick,
                    terms=_in_portions(self.today, step.pick) if step.other % 3 == 0 else None,
                    account=account,
                )
            ),
            "receive": lambda: self.payments.append(
                self.book.receive(
                    f"P-{len(self.payments)}",
                    amount,
                    value_on=day or self.today,
                    on=self.today,
                    account=account,
                )
            ),
        }
        if self.invoices and self.payments:
            paid = self.payments[step.pick % len(self.payments)]
            invoice = self.invoices[step.other % len(self.invoices)]
            acts |= {
                "allocate": lambda: self.book.allocate(
                    paid, (invoice, amount), on=self.today, effective_on=day
                ),
                "oldest": lambda: self.book.allocate_oldest_first(
                    paid, *self.invoices, on=self.today, effective_on=day
                ),
                "reverse": lambda: self.book.reverse(
                    paid, *self.invoices, on=self.today, effective_on=day
                ),
                "cancel": lambda: self.book.cancel(invoice, on=self.today, effective_on=day),
            }
        acts.get(step.action, lambda: None)()


def _in_portions(issued_on: date, pick: int) -> Terms:
    """Three installments, two of which may be due on one day; the last one named is due first."""
    (whole,) = net_days(issued_on, 9).portions
    return Terms(
        portions=(
            replace(whole, percent="50", add_days=3 * pick),
            replace(whole, percent="33.3333"),
            replace(whole, percent="16.6667", add_days=0),
        ),
        discounts=(Discount(percent="2", within_days=5),),
    )


def life_of(steps: Sequence[Step]) -> Life:
    life = Life()
    for step in steps:
        life.take(step)
    return life
