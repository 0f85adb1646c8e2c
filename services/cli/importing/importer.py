"""Puts a ledger file into a running Duebook, over HTTP, as often as one likes.

Every refused line is reported and the rest goes in. With a driven clock the book happens day by
day as it once did; without, it is entered at once, each invoice with its settlement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID
from zlib import crc32

from services.cli.client.batches import LINES_MAX, commands
from services.cli.client.clocks import Clocks
from services.cli.client.duebook import Answer, Duebook, Refused
from services.cli.client.keyed_requests import Body, KeyedRequest, KeyedRequests
from services.cli.client.lanes import in_lanes
from services.cli.importing.driven_clock import DrivenClock
from services.cli.importing.ledger_file import Line, Refusal
from services.cli.importing.ledger_map import LedgerMap, MapRefused
from shared.kernel.days import day_at
from shared.platform.observability import failpoints

OTHER_HAS_OPENED: Final = frozenset(("number-already-used", "idempotency-key-reused"))
GROUPS: Final = 4  # of accounts that are worked on at the same time
REFUSALS_MAX: Final = 10_000  # More are counted, not kept.

_FIELDS: Final = {
    "/account": "account",
    "/account/number": "account",
    "/number": "number",
    "/issued_on": "issued_on",
    "/due_on": "due_on",
    "/total": "amount",
    "/total/amount": "amount",
    "/total/currency": "currency",
    "/amount/amount": "amount",
    "/amount/currency": "currency",
    "/value_on": "settled_on",
    "/effective_on": "settled_on",
    "/settlements/0/payment_number": "number",
    "/settlements/0/amount/amount": "amount",
    "/settlements/0/amount/currency": "currency",
    "/settlements/0/value_on": "settled_on",
}


@dataclass(slots=True)
class Summary:
    """What became of the lines."""

    lines: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    refusals: list[Refusal] = field(default_factory=list)
    refused: int = 0
    notes: list[str] = field(default_factory=list)  # What somebody should know of the book.

    def refuse(self, refusal: Refusal) -> None:
        self.refused += 1
        if len(self.refusals) < REFUSALS_MAX:
            self.refusals.append(refusal)


class Importer:
    """One import. `tick` is told after every line's invoice, and every settlement."""

    def __init__(
        self,
        duebook: Duebook,
        ledger_map: LedgerMap,
        tick: Callable[[], None],
        *,
        take_over_on: date | None = None,
    ) -> None:
        """Without `take_over_on` the map says it, or the day of the import is it."""
        self._duebook = duebook
        self._map = ledger_map
        self._requests = KeyedRequests(ledger_map.legal_entity.code)
        self._tick = tick
        self._take_over_on = take_over_on or ledger_map.legal_entity.take_over_on
        self._accounts: dict[str, Refused | None] = {}  # Opened, or why not.
        self._missing: set[int] = set()  # Lines whose invoice did not go in.
        self.summary = Summary()

    async def run(self, lines: Sequence[Line]) -> Summary:
        """Accounts, then invoices with their settlements. Today is what the ledger's clock says."""
        self.summary.lines = len(lines)
        (ledger,) = await Clocks(self._duebook, ("ledger",)).read()
        await self._register(day_at(ledger.now, self._map.legal_entity.time_zone))
        await in_groups(_first_of_each(lines), self._open_all)
        await in_groups(lines, self._enter_all)
        return self.summary

    async def drive(self, lines: Sequence[Line], first: date, last: date) -> Summary:
        """Day by day from the first to the last; what is older goes in on the first."""
        self.summary.lines = len(lines)
        clock = DrivenClock(Clocks(self._duebook), self._map.legal_entity.time_zone)
        await clock.reach(first)
        await self._register(first)
        for day, work in _calendar(lines, first, last):
            await clock.reach(day)
            await in_lanes(work, self._do)
        for line in lines:
            if line.issued_on > last:
                self._refuse(line, "issued_on", "after-the-last-day")
            elif line.settled_on is not None and line.settled_on > last:
                self.summary.counts["settlements after the last day"] += 1
        await clock.reach(last)
        return self.summary

    async def _do(self, step: _Step) -> None:
        if step.settles:
            await self._settle(step.line)
        else:
            await self._open(step.line)
            await self._issue(step.line)

    async def _register(self, today: date) -> None:
        """Unless it is registered; then its take-over date stays, and is told if in doubt."""
        entity = self._map.legal_entity
        try:
            answer = await self._duebook.query("ledger", f"/legal-entities/{entity.code}")
        except Refused as refused:
            if refused.status != 404:
                raise
            await self._register_now(self._take_over_on or today)
            return
        known = answer.body["time_zone"], answer.body["currency"]
        if known != (entity.time_zone, entity.currency):
            raise MapRefused(f"{entity.code} is registered with {' and '.join(known)}")
        found, wanted = answer.body["take_over_on"], self._take_over_on
        if found is None:
            self.summary.notes.append(
                f"{entity.code} has no take-over date: all that is overdue is acted on"
            )
        elif wanted is not None and found != wanted.isoformat():
            self.summary.notes.append(f"{entity.code} keeps its take-over date, {found}")

    async def _register_now(self, take_over_on: date) -> None:
        entity = self._map.legal_entity
        try:
            await self._post(
                self._requests.register(
                    name=entity.name,
                    time_zone=entity.time_zone,
                    currency=entity.currency,
                    take_over_on=take_over_on,
                )
            )
        except Refused as refused:
            if refused.code not in OTHER_HAS_OPENED:
                raise

    async def _open(self, line: Line) -> None:
        if line.account in self._accounts:
            return
        await self._open_all([line])

    async def _open_all(self, lines: Sequence[Line]) -> None:
        """The accounts of these lines, in one request."""
        outcomes = await commands(
            self._duebook,
            [
                self._requests.open_account(line.account, name=line.account_name or line.account)
                for line in lines
            ],
        )
        for line, outcome in zip(lines, outcomes, strict=True):
            if isinstance(outcome, Refused):
                known = outcome.code in OTHER_HAS_OPENED
                self._accounts[line.account] = None if known else outcome
            else:
                self._accounts[line.account] = None
                self._count("accounts", outcome)

    async def _enter_all(self, lines: Sequence[Line]) -> None:
        """The invoices with their settlements, in one request."""
        requests = {
            line.line: self._invoice(line, self._settlements(line))
            for line in lines
            if self._accounts.get(line.account) is None
        }
        outcomes = await commands(self._duebook, list(requests.values()))
        answered = dict(zip(requests, outcomes, strict=True))
        for line in lines:
            self._issued(line, answered.get(line.line), settles=line.settled_on is not None)

    async def _issue(self, line: Line) -> None:
        outcome: Answer | Refused | None = None
        if self._accounts.get(line.account) is None:
            try:
                outcome = await self._post(self._invoice(line))
            except Refused as refused:
                outcome = refused
        self._issued(line, outcome)

    def _issued(
        self, line: Line, outcome: Answer | Refused | None, *, settles: bool = False
    ) -> None:
        """Counts what became of a line. None: its account could not be opened."""
        if outcome is None:
            refused = self._accounts[line.account]
            assert refused is not None
            self._refuse(line, "account", refused.code)
        elif isinstance(outcome, Refused):
            self._refuse(line, _field(outcome, "invoice"), outcome.code)
        else:
            self._count("invoices", outcome)
            if settles:
                self._count("payments", outcome)
        self._line_done()
        if settles:
            self._tick()

    def _settlements(self, line: Line) -> Sequence[Body]:
        if line.settled_on is None:
            return ()
        method = self._map.payment.method
        return (
            self._requests.settlement(
                line.number, amount=line.amount, value_on=line.settled_on, method=method
            ),
        )

    def _invoice(self, line: Line, settlements: Sequence[Body] = ()) -> KeyedRequest:
        terms = self._map.terms
        return self._requests.issue_invoice(
            line.number,
            account=line.account,
            total=line.amount,
            issued_on=line.issued_on,
            due=line.due_on or (terms.net_days if terms else None),
            settlements=settlements,
        )

    async def _settle(self, line: Line) -> None:
        """In full, in two requests: the money comes in, then it is given to the invoice."""
        if line.line in self._missing or line.settled_on is None:
            self._tick()
            return
        receive = self._requests.receive_payment(
            line.number,
            account=line.account,
            amount=line.amount,
            value_on=line.settled_on,
            method=self._map.payment.method,
        )
        try:
            received = await self._post(receive)
            self._count("payments", received)
            allocate = self._requests.allocate(
                UUID(str(received.body["id"])),
                line.number,
                shares=((line.number, line.amount),),
                on=line.settled_on,
            )
            await self._post(allocate)
        except Refused as refused:
            self._refuse(line, _field(refused, "settled_on"), refused.code)
        self._line_done()

    def _line_done(self) -> None:
        self._tick()
        failpoints.hit("import.after_line")

    async def _post(self, request: KeyedRequest) -> Answer:
        return await self._duebook.command(
            request.service, request.path, request.body, key=request.key
        )

    def _count(self, what: str, answer: Answer) -> None:
        self.summary.counts[f"{what} already there" if answer.replayed else what] += 1

    def _refuse(self, line: Line, where: str, rule: str) -> None:
        self._missing.add(line.line)
        self.summary.refuse(Refusal(line.line, where, rule))


@dataclass(frozen=True, slots=True)
class _Step:
    line: Line
    settles: bool


def _field(refused: Refused, otherwise: str) -> str:
    """The file's name of what the problem points at."""
    pointer = refused.faults[0].pointer if refused.faults else ""
    return _FIELDS.get(pointer, pointer or otherwise)


def _first_of_each(lines: Iterable[Line]) -> list[Line]:
    return list({line.account: line for line in reversed(list(lines))}.values())[::-1]


async def in_groups(lines: Sequence[Line], do: Callable[[Sequence[Line]], Awaitable[None]]) -> None:
    """Does the lines of one account in the order of the file, those of others beside them."""
    groups: list[list[Line]] = [[] for _ in range(GROUPS)]
    for line in lines:
        groups[crc32(line.account.encode()) % GROUPS].append(line)
    parts = [
        [group[start : start + LINES_MAX] for start in range(0, len(group), LINES_MAX)]
        for group in groups
    ]
    await in_lanes(parts, do)


def _calendar(
    lines: Sequence[Line], first: date, last: date
) -> Iterable[tuple[date, list[list[_Step]]]]:
    """Per day, per account: its invoices in file order, then its settlements in file order."""
    days: dict[date, dict[str, tuple[list[_Step], list[_Step]]]] = {}
    for line in lines:
        if line.issued_on > last:
            continue
        _lane(days, max(line.issued_on, first), line)[0].append(_Step(line, settles=False))
        if line.settled_on is not None and line.settled_on <= last:
            _lane(days, max(line.settled_on, first), line)[1].append(_Step(line, settles=True))
    for day in sorted(days):
        yield day, [invoices + payments for invoices, payments in days[day].values()]


def _lane(
    days: dict[date, dict[str, tuple[list[_Step], list[_Step]]]], day: date, line: Line
) -> tuple[list[_Step], list[_Step]]:
    return days.setdefault(day, {}).setdefault(line.account, ([], []))


def ticks(lines: Sequence[Line]) -> int:
    """How often an import of these lines ticks at most."""
    return sum(1 + (line.settled_on is not None) for line in lines)


def outcome(summary: Summary) -> Mapping[str, int]:
    """For people: what went in, in the order of the road."""
    return dict(sorted(summary.counts.items())) | {"lines refused": summary.refused}
