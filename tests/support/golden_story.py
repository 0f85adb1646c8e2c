"""Tells a story of 2012 through the services in memory, with the records that the log gets.

Everything is the real way: routes or handlers, the writer, the store's row, the relay's record.
Only clock, ids and what others would answer are fixed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from unittest.mock import patch
from uuid import UUID

import httpx

from services.credit.lines.domain.credit_line.commands import SetLimit
from services.credit.lines.handlers import credit_line
from services.credit.runtime import settings as credit_settings
from services.credit.runtime import wiring as credit
from services.dunning.runtime import settings as dunning_settings
from services.dunning.runtime import wiring as dunning
from services.dunning.work.domain.contact.commands import RecordContact
from services.dunning.work.domain.promise.commands import MakePromise
from services.dunning.work.domain.task.commands import CompleteTask
from services.dunning.work.handlers import contact, promise, task
from services.ledger.cash.domain.payment.commands import ReversePayment
from services.ledger.cash.handlers import payment as payments
from services.ledger.runtime import settings as ledger_settings
from services.ledger.runtime import wiring as ledger
from shared.kernel.decider import AnyWork, Book, Caller
from shared.kernel.ids import open_item_id, stream_id
from shared.kernel.money import Money
from shared.platform.http.app import create_app
from shared.platform.http.parts import Parts
from shared.platform.log.envelope import StoredEvent, record_of
from shared.platform.log.port import LogRecord, NewRecord, TopicPartition
from shared.platform.reactor import runtime as reactor
from shared.platform.service import Service, Topics
from shared.platform.store import writer as writers
from shared.platform.store.cache import STREAMS_CACHED_MAX
from shared.platform.store.memory import MemoryStore
from shared.platform.store.snapshots import TAIL_EVENTS_MIN
from shared.platform.store.writer import Writer
from shared.platform.subscription.decoding import EventDecoder
from shared.platform.timers import runtime as timers
from tests.support.dunning_running import FakeLedger
from tests.support.golden_answers import ANSWERS
from tests.support.ledger_bodies import ACCOUNT as OPENED
from tests.support.ledger_bodies import ENTITY, bill, pay

TENANT: Final = UUID("7d1f0c6a-0000-4000-8000-000000000001")
BOOK: Final = Book(TENANT, "CN01")
ZONE: Final = "Asia/Shanghai"
ACCOUNT: Final = stream_id(TENANT, "CN01", "account", "C-1001")
INVOICE: Final = stream_id(TENANT, "CN01", "invoice", "2012-0131")
ITEM: Final = open_item_id(INVOICE, 1)
TRACE: Final = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CONTACTED_AT: Final = datetime(2012, 4, 2, 7, 30, tzinfo=UTC)
ONE_SECOND: Final = timedelta(seconds=1)
FIRST_IDS: Final = {  # Of version 7, as the writer's own; the services must not share them.
    "ledger": 0x01350000_0000_7000_8000_000000000000,
    "credit": 0x01360000_0000_7000_8000_000000000000,
    "dunning": 0x01370000_0000_7000_8000_000000000000,
}


class Published(NamedTuple):
    """Is a record, at its place on the log."""

    service: str
    at: TopicPartition
    record: NewRecord

    @property
    def headers(self) -> Mapping[str, str]:
        return {name: value.decode() for name, value in self.record.headers.items()}


class StandingClock:
    """Stands where the story moves it."""

    is_manual = True

    def __init__(self) -> None:
        self.at = datetime(2012, 1, 31, 1, tzinfo=UTC)  # 9 o'clock in Shanghai.

    async def now(self) -> datetime:
        return self.at


@dataclass
class Narrator:
    """Runs one service: its store and writer, and how far the log has it."""

    service: Service
    store: MemoryStore
    writer: Writer
    published: int = 0

    async def do(self, work: AnyWork, caller: Caller) -> None:
        with self.own_ids():
            await self.writer.submit(work, caller)

    def own_ids(self) -> AbstractContextManager[object]:
        """Makes the writer's ids go on where it would begin at random."""
        first = FIRST_IDS[self.service.name] + len(self.store.events)
        return patch.object(writers, "_first_id", lambda: first)


class Story:
    """Lives through the story, and has what the log got of it."""

    def __init__(
        self, narrators: Mapping[str, Narrator], http: httpx.AsyncClient, clock: StandingClock
    ) -> None:
        self.records: list[Published] = []
        self.clock = clock
        self._narrators = narrators
        self._http = http
        self._consumed = 0

    async def post(self, path: str, body: object, key: str) -> Any:
        """Posts a command to the ledger."""
        headers = {"idempotency-key": key, "traceparent": TRACE}
        with self._narrators["ledger"].own_ids():
            answer = await self._http.post(f"/v1/{path}", json=body, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        await self.go_on()
        return answer.json()

    async def command(self, service: str, work: AnyWork, key: str) -> None:
        """Gives a command to a service whose routes would ask its projections first."""
        caller = Caller(
            tenant_id=TENANT,
            actor="api",
            now=self.clock.at,
            correlation_id=UUID(int=0x770C),
            key=key,
            fingerprint=bytes(32),
        )
        await self._narrators[service].do(work, caller)
        await self.go_on()

    async def pass_time(self, to: datetime) -> None:
        """Fires every timer a second after it is due, and lets follow what follows."""
        while due := self._next_timer(to):  # Ends: a timer that fired waits no longer.
            name, timer = due
            narrator = self._narrators[name]
            self.clock.at = max(self.clock.at, timer.due_at + ONE_SECOND)
            kind = narrator.store.streams[timer.stream_id].kind
            work = narrator.service.fire(kind, timer.stream_id, timer.name, timer.due_at)
            asking = (timer.tenant_id, timer.stream_id, timer.name, timer.since_version)
            await narrator.do(work, timers.caller_of(*asking, self.clock.at))
            await self.go_on()
        self.clock.at = max(self.clock.at, to)

    async def go_on(self) -> None:
        """Publish what is written, react to what is published, until nothing follows."""
        self._publish()
        while self._consumed < len(self.records):
            said = self.records[self._consumed]
            offset = sum(each.at == said.at for each in self.records[: self._consumed])
            self._consumed += 1
            if said.at.topic != Topics().public("alerts"):
                for narrator in self._narrators.values():
                    await self._react(narrator, said, LogRecord(offset, *said.record))
            self._publish()

    async def _react(self, narrator: Narrator, said: Published, record: LogRecord) -> None:
        service = narrator.service
        recorded = EventDecoder(service.codec()).decode(said.at, record)
        if recorded.event is None:
            return
        commands = []
        for reaction in service.reactions:
            ask = reaction.ask or reaction.ask_all
            if isinstance(recorded.event, reaction.subscribes_to) and ask in ANSWERS:
                facts = ANSWERS[ask](self.records, recorded)
                commands += [(reaction.name, one) for one in reaction.react(recorded, facts)]
        for effect in service.effects:
            if isinstance(recorded.event, effect.subscribes_to):
                performed = await effect.perform(recorded, self.clock.at)
                commands += [(effect.name, one) for one in performed]
        for name, command in commands:
            work = service.handlers[type(command)](command)
            await narrator.do(work, reactor.caller_of(recorded, name, self.clock.at))

    def _publish(self) -> None:
        for name, narrator in self._narrators.items():
            for event in narrator.store.events[narrator.published :]:
                stored = StoredEvent(
                    id=event.id,
                    type=event.type,
                    stream_id=event.stream_id,
                    version=event.version,
                    tenant_id=event.tenant_id,
                    account_id=event.account_id,
                    effective_on=event.effective_on,
                    recorded_at=event.recorded_at,
                    data=event.data,
                    headers=event.headers,
                )
                for topic in event.topics:
                    at = TopicPartition(topic, event.partition)
                    self.records.append(Published(name, at, record_of(stored, name)))
            narrator.published = len(narrator.store.events)

    def _next_timer(self, to: datetime) -> tuple[str, Any] | None:
        due = [
            (timer.due_at, name, timer)
            for name, narrator in self._narrators.items()
            for timer in narrator.store.timers.values()
            if timer.due_at <= to
        ]
        return min(due)[1:] if due else None


async def live_through(story: Story) -> None:
    """Pays an invoice in part, lets it become overdue, talks about it, and pays the rest."""
    await story.post("legal-entities", ENTITY, "erp-1")
    await story.post("accounts", OPENED, "erp-2")
    await story.post("invoices", bill("2012-0131", "8000.00", "2012-01-31"), "erp-0131")
    await story.pass_time(datetime(2012, 3, 1, 2, tzinfo=UTC))
    await _paid(story, "B-1", "5650.00", "2012-03-01")
    await story.pass_time(datetime(2012, 4, 2, 8, tzinfo=UTC))
    await story.command("dunning", contact.record_contact(CONTACT, {}), "call-1")
    await story.command("dunning", promise.make_promise(PROMISE, {}), "call-2")
    await story.command("dunning", task.complete_task(_done(story)), "call-3")
    await story.command("credit", credit_line.set_limit(LIMIT), "limit-1")
    await story.pass_time(datetime(2012, 4, 10, 2, tzinfo=UTC))
    payment = await _paid(story, "B-2", "2350.00", "2012-04-10")
    bounced = ReversePayment(
        payment_id=UUID(payment["id"]),
        reason="bounced",
        invoices=(INVOICE,),
        effective_on=None,
        now=story.clock.at,
    )
    await story.command("ledger", payments.reverse(bounced), "erp-B-2-back")


async def _paid(story: Story, number: str, amount: str, on: str) -> Any:
    payment = await story.post("payments", pay(number, amount, on), f"erp-{number}")
    share = {"invoice": {"number": "2012-0131"}, "amount": {"amount": amount, "currency": "CNY"}}
    allocate = {"effective_on": on, "allocations": [share]}
    return await story.post(f"payments/{payment['id']}:allocate", allocate, f"erp-{number}-all")


def _done(story: Story) -> CompleteTask:
    opened = next(r for r in story.records if r.headers["ce_type"] == "dunning.task.opened.v1")
    return CompleteTask(
        task_id=UUID(opened.headers["ce_streamid"]),
        outcome="reached",
        completed_on=date(2012, 4, 1),
        today=date(2012, 4, 2),
        time_zone=ZONE,
    )


CONTACT: Final = RecordContact(
    book=BOOK,
    number="CALL-1",
    account_id=ACCOUNT,
    account_number="C-1001",
    channel="phone",
    contacted_at=CONTACTED_AT,
    open_item_ids=(ITEM,),
    known_open_item_ids=frozenset((ITEM,)),
    outcome="reached",
    reason=None,
    next_step=None,
    next_step_on=None,
    has_note=False,
    effective_on=date(2012, 4, 2),
    now=datetime(2012, 4, 2, 8, tzinfo=UTC),
)
PROMISE: Final = MakePromise(
    book=BOOK,
    number="P-1",
    account_id=ACCOUNT,
    account_number="C-1001",
    account_currency="CNY",
    amount=Money.of("2350.00", "CNY"),
    promised_on=date(2012, 4, 10),
    made_on=date(2012, 4, 2),
    today=date(2012, 4, 2),
    time_zone=ZONE,
    has_note=False,
)
LIMIT: Final = SetLimit(
    book=BOOK,
    account_id=ACCOUNT,
    account_number="C-1001",
    account_currency="CNY",
    limit=Money.of("20000.00", "CNY"),
    effective_on=date(2012, 4, 2),
    time_zone=ZONE,
)


@asynccontextmanager
async def _narrating(service: Service, *, forgets: bool) -> AsyncIterator[Narrator]:
    store = MemoryStore()
    writer = Writer(
        store,
        service.codec(),
        service.topics_of(Topics()),
        aggregates=service.aggregates,
        private_tables=service.private_tables,
        # One that forgets has a snapshot after every event, and loads each stream from it.
        streams_cached_max=0 if forgets else STREAMS_CACHED_MAX,
        tail_events_min=1 if forgets else TAIL_EVENTS_MIN,
    )
    writer.start()
    yield Narrator(service, store, writer)
    await writer.close()


@asynccontextmanager
async def _routes(narrator: Narrator, clock: StandingClock) -> AsyncIterator[httpx.AsyncClient]:
    parts = Parts(
        service=narrator.service,
        tenant_id=TENANT,
        clock=clock,
        writer=narrator.writer,
        store=narrator.store,
        started=True,
    )
    transport = httpx.ASGITransport(create_app(parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://ledger") as client:
        yield client


async def records_of_story(mail: Path, *, forgets: bool = False) -> Sequence[Published]:
    """Gives all records of the story, in the order in which they were published.

    With `forgets` the writers remember no state: each decision rests on snapshots.
    """
    services = (
        ledger.service(ledger_settings.Settings()),
        credit.service(credit_settings.Settings()),
        dunning.service(dunning_settings.Settings(mail_folder=mail), FakeLedger().client()),
    )
    async with AsyncExitStack() as stack:
        narrators = {
            service.name: await stack.enter_async_context(_narrating(service, forgets=forgets))
            for service in services
        }
        clock = StandingClock()
        http = await stack.enter_async_context(_routes(narrators["ledger"], clock))
        story = Story(narrators, http, clock)
        await live_through(story)
        return story.records
