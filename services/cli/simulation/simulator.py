"""Lets a simulated book happen in a running Duebook, over HTTP, day by day on a manual clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import assert_never
from uuid import UUID

from services.cli.client.clocks import Clocks
from services.cli.client.duebook import Answer, Duebook
from services.cli.client.keyed_requests import KeyedRequest, KeyedRequests
from services.cli.client.lanes import in_lanes
from services.cli.importing.driven_clock import DrivenClock
from services.cli.simulation import book
from services.cli.simulation.book import CURRENCY, TIME_ZONE, Action, Book
from shared.kernel.days import start_of_day


@dataclass(slots=True)
class Summary:
    """What was done; what had been done before is counted too."""

    counts: Counter[str] = field(default_factory=Counter)
    replayed: int = 0


class Simulator:
    """Nothing here may be refused: Refused is a bug of the book or of the services, and ends it."""

    def __init__(self, duebook: Duebook, played: Book, tick: Callable[[int], None]) -> None:
        self._duebook = duebook
        self._book = played
        self._tick = tick  # Told how many actions were done.
        self._requests = KeyedRequests(played.legal_entity)
        self._accounts: dict[str, UUID] = {}
        self._open_items: dict[str, UUID] = {}
        self._payments: dict[str, UUID] = {}
        self.summary = Summary()

    async def run(self) -> Summary:
        clock = DrivenClock(Clocks(self._duebook), TIME_ZONE)
        await clock.reach(self._book.first)
        await self._post(
            self._requests.register(
                name=self._book.name,
                time_zone=TIME_ZONE,
                currency=CURRENCY,
                take_over_on=self._book.first,
            )
        )
        for day, lanes in self._book.days():
            await clock.reach(day)
            await in_lanes(lanes, self._do)
            self._tick(sum(map(len, lanes)))
        await clock.reach(self._book.last)
        await Clocks(self._duebook).settle()
        return self.summary

    async def _do(self, action: Action) -> None:
        self.summary.counts[type(action).__name__] += 1
        match action:
            case book.OpenAccount():
                await self._open(action)
            case book.IssueInvoice():
                await self._issue(action)
            case book.ReceivePayment():
                await self._receive(action)
            case book.ReversePayment(on=on, number=number, reason=reason):
                payment_id = self._payments[number]
                await self._post(self._requests.reverse(payment_id, number, reason=reason, on=on))
            case book.SetLimit(account=account, limit=limit):
                request = self._requests.set_limit(self._accounts[account], account, limit=limit)
                await self._post(request)
            case book.RecordContact():
                await self._record(action)
            case book.MakePromise(account=account, number=number, amount=amount):
                await self._post(
                    self._requests.make_promise(
                        number, account=account, amount=amount, promised_on=action.promised_on
                    )
                )
            case _:
                assert_never(action)

    async def _open(self, action: book.OpenAccount) -> None:
        names = action.names
        person = {"name": names.person, "phone": names.phone, "email": names.email}
        answer = await self._post(
            self._requests.open_account(
                action.account,
                name=names.company,
                contact_person=person,
                postal_address=names.address,
            )
        )
        self._accounts[action.account] = UUID(answer.body["id"])

    async def _issue(self, action: book.IssueInvoice) -> None:
        answer = await self._post(
            self._requests.issue_invoice(
                action.number,
                account=action.account,
                total=action.total,
                issued_on=action.on,
                due=action.net_days,
            )
        )
        only = answer.body["installments"][0]
        self._open_items[action.number] = UUID(only["open_item_id"])

    async def _receive(self, action: book.ReceivePayment) -> None:
        answer = await self._post(
            self._requests.receive_payment(
                action.number,
                account=action.account,
                amount=action.amount,
                value_on=action.on,
                method=action.method,
                payer=action.payer,
            )
        )
        payment_id = self._payments[action.number] = UUID(answer.body["id"])
        shares = () if action.oldest_first else action.shares
        await self._post(
            self._requests.allocate(payment_id, action.number, shares=shares, on=action.on)
        )

    async def _record(self, action: book.RecordContact) -> None:
        begins = start_of_day(action.on, TIME_ZONE)  # The clock stands at the day's beginning.
        await self._post(
            self._requests.record_contact(
                action.number,
                account=action.account,
                channel=action.channel,
                contacted_at=begins,
                open_item_ids=[self._open_items[number] for number in action.invoices],
                outcome=action.outcome,
                note=action.note,
                next_step_on=action.next_step_on,
            )
        )

    async def _post(self, request: KeyedRequest) -> Answer:
        answer = await self._duebook.command(
            request.service, request.path, request.body, key=request.key
        )
        self.summary.replayed += answer.replayed
        return answer
