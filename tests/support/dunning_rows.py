"""Rows of dunning's read models, put into a real database as if they had been folded."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from services.dunning.accounts.domain.grades import UNRATED
from services.dunning.accounts.projections.account_facts import AccountRow, GradeRow, OpenItemRow
from services.dunning.accounts.projections.overdue_amounts import OverdueRow
from services.dunning.work.domain.case.decide import case_stream
from services.dunning.work.projections.case_plan import CasePlanRow, CaseStepRow
from services.dunning.work.projections.contacts import ContactRow
from services.dunning.work.projections.promises import PromiseRow
from services.dunning.work.projections.work_list import CaseRow, TaskItemRow, TaskRow
from shared.kernel.ids import derived
from shared.platform.database.pools import Database
from shared.platform.projector.rows import table_of
from tests.support.dunning import BOOK, TENANT, at

TODAY: Final = date(2026, 3, 10)


class Item(NamedTuple):
    days: int  # Past due.
    minor: int = 1_000
    step: int | None = 1
    currency: str = "CNY"


def id_of(*parts: str | int) -> UUID:
    return derived(TENANT, *parts)


class Rows:
    """Rows of the read models, as if they had been folded; many at once."""

    def __init__(self) -> None:
        self._rows: dict[type, list[dict[str, Any]]] = {}

    def put(self, kind: type, /, **values: Any) -> None:
        columns = table_of(kind).c
        blank = dict.fromkeys(columns.keys())
        usual = {"tenant_id": TENANT, "legal_entity": "CN01", "version": 1}
        known = {name: value for name, value in usual.items() if name in columns}
        self._rows.setdefault(kind, []).append({**blank, **known, **values})

    def customer(self, n: int, *items: Item, grade: str | None = None, case: bool = True) -> None:
        account = id_of("account", n)
        self.put(AccountRow, account_id=account, number=f"C-{n}", time_zone="UTC", currency="CNY")
        if grade is not None:
            for day, said in ((TODAY - timedelta(days=40), UNRATED), (TODAY, grade)):
                self.put(GradeRow, account_id=account, effective_on=day, grade=said)
        for place, item in enumerate(items):
            self.put(
                OpenItemRow,
                open_item_id=id_of("item", n, place),
                account_id=account,
                invoice_id=id_of("invoice", n, place),
                invoice_number=f"I-{n}-{place}",
                installment=1,
                due_on=TODAY - timedelta(days=item.days),
                currency=item.currency,
                open_minor=item.minor,
                latest_step=item.step,
            )
        for currency in sorted({item.currency for item in items}):
            self.put(
                CaseRow,
                id=case_stream(BOOK, account_id=account, currency=currency).id,
                account_id=account,
                account_number=f"C-{n}",
                currency=currency,
                status="open" if case else "closed",
                opened_on=TODAY,
            )

    def task(self, n: int, k: int, place: int, *, step: int | None = 1, **others: Any) -> None:
        """About the customer's item of that place."""
        task = id_of("task", n, k)
        usual = {
            "id": task,
            "account_id": id_of("account", n),
            "account_number": f"C-{n}",
            "kind": "phone",
            "oldest_due_on": TODAY - timedelta(days=3),
            "step": step,
            "grade": UNRATED,
            "currency": "CNY",
            "item_count": 1,
            "open_minor": 1_000,
            "status": "open",
            "opened_on": TODAY,
        }
        self.put(TaskRow, **{**usual, **others})
        self.put(
            TaskItemRow,
            task_id=task,
            open_item_id=id_of("item", n, place),
            invoice_number=f"I-{n}-{place}",
            installment=1,
            due_on=TODAY,
            currency="CNY",
            open_minor=1_000,
        )

    def contact(self, n: int, k: int, contacted_at: datetime) -> None:
        self.put(
            ContactRow,
            id=id_of("contact", n, k),
            account_id=id_of("account", n),
            account_number=f"C-{n}",
            number=f"call-{n}-{k}",
            channel="phone",
            day=contacted_at.date(),
            contacted_at=contacted_at,
            open_item_ids="[]",
            outcome=f"tried_{k}",
        )

    def promise(self, n: int, k: int, days: int, status: str = "open") -> None:
        self.put(
            PromiseRow,
            id=id_of("promise", n, k),
            account_id=id_of("account", n),
            account_number=f"C-{n}",
            number=f"p-{n}-{k}",
            status=status,
            currency="CNY",
            amount_minor=500,
            promised_on=TODAY + timedelta(days=days),
            made_on=TODAY,
            counts_from=at(TODAY),
        )

    def waits(self, n: int, place: int, step: int, **others: Any) -> None:
        case = case_stream(BOOK, account_id=id_of("account", n), currency="CNY").id
        usual = {
            "case_id": case,
            "crossing_id": id_of("crossing", n, place, step),
            "open_item_id": id_of("item", n, place),
            "step": step,
            "reached_on": TODAY,
            "is_returned": False,
            "is_history": False,
        }
        self.put(CaseStepRow, **{**usual, **others})

    def plan(self, n: int, review_at: datetime | None) -> None:
        account = id_of("account", n)
        case = case_stream(BOOK, account_id=account, currency="CNY").id
        self.put(CasePlanRow, case_id=case, account_id=account, currency="CNY", review_at=review_at)

    def _count_overdue(self) -> None:
        """What the fold would have counted of the items."""
        owed: dict[tuple[UUID, str], int] = {}
        for item in self._rows.get(OpenItemRow, ()):
            if (item["latest_step"] or 0) > 0 and item["open_minor"]:
                whose = (item["account_id"], item["currency"])
                owed[whose] = owed.get(whose, 0) + item["open_minor"]
        for (account, currency), minor in owed.items():
            self.put(OverdueRow, account_id=account, currency=currency, minus_minor=-minor)

    async def store(self, database: Database) -> None:
        self._count_overdue()
        async with database.bound({TENANT}) as connection:
            for kind, rows in self._rows.items():
                await connection.execute(sa.insert(table_of(kind)), rows)
