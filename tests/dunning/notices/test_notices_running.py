"""What becomes of notices, on a real PostgreSQL: one customer harms no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest

from services.dunning.contract.inbox import AccountDetailsChanged, AccountOpened
from services.dunning.notices.domain.notice.commands import QueueNotice
from services.dunning.notices.domain.notice.decide import notice_of
from services.dunning.notices.handlers.notice import queue_notice
from shared.kernel.decider import Caller
from shared.kernel.ids import partition_of
from shared.kernel.money import Money
from tests.support.dunning import (
    ACCOUNT,
    BOOK,
    ITEM_B,
    TENANT,
    after,
    applied,
    approached,
    at,
    became_overdue,
    cured,
    issued,
    listed,
    registered,
    yuan,
)
from tests.support.dunning_running import Json, RunningDunning

pytestmark = pytest.mark.connected

NOW: Final = at(after(1), 20)
TODAY: Final = after(2)  # In Shanghai, at night: no review writes a notice of its own.
NOWHERE: Final = {"contact_person": None, "postal_address": None}
NEIGHBORS: Final = [
    UUID(int=n) for n in range(1, 4_000) if partition_of(UUID(int=n)) == partition_of(ACCOUNT)
]
OPEN: Final = Path.open


class Customer:
    """One of one item, in the same partition as all others."""

    def __init__(self, dunning: RunningDunning, n: int) -> None:
        self._dunning = dunning
        self.id, self.number = NEIGHBORS[n], f"N-{n}"
        self._invoice, self._item = UUID(int=10_000 + n), UUID(int=20_000 + n)

    async def is_known(self, crossing: Any = None) -> None:
        """Its item is a day past due, unless something else is said to have been reached."""
        opened = AccountOpened(
            account_id=self.id,
            number=self.number,
            time_zone="Asia/Shanghai",
            currency="CNY",
            collector_id=None,
        )
        bill = replace(issued(), account_id=self.id)
        (installment,) = bill.installments
        bill = replace(bill, installments=(replace(installment, open_item_id=self._item),))
        reached = replace(
            crossing or became_overdue(),
            account_id=self.id,
            account_number=self.number,
            open_item_id=self._item,
        )
        for event, stream in (
            (opened, self.id),
            (bill, self._invoice),
            (reached, self._invoice),
        ):
            await self._dunning.hear(event, after(1), NOW, stream=stream, account_id=self.id)

    async def is_cured(self) -> None:
        for event in (applied(self._item, 0), replace(cured(self._item), account_id=self.id)):
            await self._dunning.hear(event, after(1), NOW, stream=self._invoice, account_id=self.id)

    async def is_changed(self, field: str) -> None:
        changed = AccountDetailsChanged(account_id=self.id, fields=(field,))
        await self._dunning.hear(changed, after(1), NOW, stream=self.id, account_id=self.id)

    def notice(self, **said: Any) -> QueueNotice:
        usual = QueueNotice(
            book=BOOK,
            account_id=self.id,
            account_number=self.number,
            time_zone="Asia/Shanghai",
            currency="CNY",
            written_on=TODAY,
            step=1,
            channel="email",
            template="reminder",
            grade="一般",
            items=[replace(listed(), open_item_id=self._item)],
            part=1,
            parts=1,
            open_amount=yuan(235_000),
            unallocated=yuan(0),
            demanded=yuan(235_000),
        )
        return replace(usual, **said)

    async def queue(self, **said: Any) -> None:
        caller = Caller(tenant_id=TENANT, actor="test", now=NOW, correlation_id=UUID(int=9))
        await self._dunning.host.writer.submit(queue_notice(self.notice(**said)), caller)

    async def notices(self) -> list[tuple[str, str, str | None]]:
        found = await self._dunning.items("/v1/notices", account_id=str(self.id))
        return sorted((one["channel"], one["status"], one["reason"]) for one in found)

    async def tasks(self, status: str = "open") -> list[Json]:
        return list(await self._dunning.items("/v1/tasks", account_id=str(self.id), status=status))


@pytest.fixture(autouse=True)
async def impatient(dunning: RunningDunning, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries come one after the other; the legal entity is known in the customers' partition."""
    monkeypatch.setattr("shared.platform.reactor.effects.UNREACHABLE_REST_S", 0.02)
    await dunning.hear(registered(), after(-30), NOW, stream=UUID(int=9_999))


class TestNotices:
    async def test_of_others_go_out_whatever_one_of_them_does(
        self, dunning: RunningDunning, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Seen: an address nobody can write, or a mixed notice, halted its partition for good."""
        some = [Customer(dunning, n) for n in range(13)]
        blocked, denied, unclear, odd, nameless, on_paper, textless, mixed = some[1:9]
        fine = [some[0], *some[9:]]
        dollars = replace(listed(ITEM_B), open_amount=Money(70_000, "USD"))
        lists = {textless: [], mixed: [listed(), dollars]}
        dunning.ledger.accounts |= {
            unclear.id: {"name": {"first": "Ann"}},
            odd.id: {
                "contact_person": {"name": "A", "email": "billing@[example.test"},
                "postal_address": None,
            },
            nameless.id: NOWHERE,
            on_paper.id: {"contact_person": {"name": "A", "email": "info@b,c.test"}},
        }
        (dunning.mail / "emails/new" / f"{notice_of(blocked.notice()).id}.duebook").mkdir(
            parents=True
        )

        def refuse(path: Path, *args: Any) -> Any:
            if path.name == f"{notice_of(denied.notice()).id}.duebook":
                raise PermissionError(13, "denied")
            return OPEN(path, *args)

        monkeypatch.setattr(Path, "open", refuse)
        for one in some:
            await one.is_known()
        for one in some:
            await one.queue(**({"items": lists[one]} if one in lists else {}))
        await dunning.settled()

        for one in fine:
            assert await one.notices() == [("email", "accepted", None)]
            assert await one.tasks() == []
        failed = {
            blocked: "IsADirectoryError",
            denied: "PermissionError",
            unclear: "PartyNotUnderstood",
            textless: "ValueError",
            mixed: "CurrenciesMixed",
        }
        for one, reason in failed.items():
            assert await one.notices() == [("email", "failed", reason)]
            assert [task["kind"] for task in await one.tasks()] == ["check_notice"]
        for one, reason in {odd: "address_not_usable", nameless: "no_address"}.items():
            assert await one.notices() == [("email", "undeliverable", reason)]
            (task,) = await one.tasks()
            assert (task["kind"], task["step"], task["item_count"]) == ("ask_for_address", 1, 1)
            assert task["open_amount"] == {"amount": "2350.00", "currency": "CNY"}
            assert date.fromisoformat(task["opened_on"]) == TODAY
        assert await on_paper.notices() == [
            ("email", "undeliverable", "address_not_usable"),
            ("letter", "accepted", None),
        ]
        assert await on_paper.tasks() == []
        assert len(list(dunning.mail.glob("letters/new/*"))) == 1
        assert (await dunning.get("/health/ready")) == {"status": "ok"}

    async def test_wait_while_nothing_can_be_written_and_none_is_given_up(
        self, dunning: RunningDunning, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(path: Path, *args: Any) -> Any:
            tried.append(path.name)
            raise PermissionError(13, "denied")

        tried: list[str] = []
        some = [Customer(dunning, n) for n in range(3)]
        monkeypatch.setattr(Path, "open", refuse)
        for one in some:
            await one.is_known()
            await one.queue()
        await dunning.happens(lambda: len(tried) > 100)
        for one in some:
            assert await one.notices() == [("email", "queued", None)]
        monkeypatch.setattr(Path, "open", OPEN)
        await dunning.settled()

        for one in some:
            assert await one.notices() == [("email", "accepted", None)]
            assert await one.tasks() == []

    async def test_ask_for_an_address_once_for_all_parts_until_nothing_is_owed(
        self, dunning: RunningDunning
    ) -> None:
        customer = Customer(dunning, 0)
        dunning.ledger.accounts[customer.id] = NOWHERE
        await customer.is_known()
        for part in (1, 2, 3):
            await customer.queue(part=part, parts=3)
        await dunning.settled()

        assert len(await customer.notices()) == 3
        assert [task["kind"] for task in await customer.tasks()] == ["ask_for_address"]
        await customer.is_cured()
        await dunning.settled()
        assert await customer.tasks() == []
        (task,) = await customer.tasks("withdrawn")
        assert (task["kind"], task["outcome"]) == ("ask_for_address", "nothing_owed")

    async def test_ask_nobody_any_more_for_an_address_that_was_entered(
        self, dunning: RunningDunning
    ) -> None:
        asked, other = Customer(dunning, 0), Customer(dunning, 1)
        for customer in (asked, other):
            dunning.ledger.accounts[customer.id] = NOWHERE
            await customer.is_known()
            await customer.queue()
        await dunning.settled()
        await asked.is_changed("name")
        await dunning.settled()
        assert [task["kind"] for task in await asked.tasks()] == ["ask_for_address"]

        await asked.is_changed("email")
        await dunning.settled()

        assert await asked.tasks() == []
        (task,) = await asked.tasks("withdrawn")
        assert (task["kind"], task["outcome"]) == ("ask_for_address", "address_entered")
        assert [task["kind"] for task in await other.tasks()] == ["ask_for_address"]

    async def test_ask_nobody_before_anything_is_overdue(self, dunning: RunningDunning) -> None:
        customer = Customer(dunning, 0)
        dunning.ledger.accounts[customer.id] = NOWHERE
        await customer.is_known(approached())
        soon = replace(listed(), open_item_id=UUID(int=20_000), due_on=after(5))
        await customer.queue(step=-3, template="pre_due", items=[soon])
        await dunning.settled()

        assert await customer.notices() == [("email", "undeliverable", "no_address")]
        assert await customer.tasks() == []

    async def test_are_found_by_what_became_of_them(self, dunning: RunningDunning) -> None:
        reached, missed = Customer(dunning, 0), Customer(dunning, 1)
        dunning.ledger.accounts[missed.id] = {"contact_person": None}
        for one in (reached, missed):
            await one.is_known()
            await one.queue()
        await dunning.settled()

        (failed,) = await dunning.items("/v1/notices", status="undeliverable")
        assert (failed["reason"], failed["account"]["number"]) == ("no_address", missed.number)
        assert date.fromisoformat(failed["ended_on"]) == TODAY
        assert failed["message_id"] is None
        assert [failed] == list(await dunning.items("/v1/notices", reason="no_address"))
        (letter,) = await dunning.items("/v1/notices", channel="letter")
        assert letter["instead_of"] == failed["id"]
        assert len(await dunning.items("/v1/notices", status="accepted")) == 2
        entries = await dunning.items("/v1/collection-ledger", kind="notice")
        assert sorted(one["event"] for one in entries) == [
            "accepted",
            "accepted",
            "queued",
            "queued",
            "queued",
            "undeliverable",
        ]
