"""A service as small as one can be: boxes, into which money is put. For tests of the platform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from shared.kernel.decider import Aggregate, AnyWork, Change, Rejected, Resource, States, Work
from shared.kernel.money import Money
from shared.platform.codec import to_json
from shared.platform.http.commands import CommandContext
from shared.platform.http.models import AccountRef, Code, Day, Id, MoneyIn, RequestBody, ShortText
from shared.platform.http.paging import Paging
from shared.platform.http.queries import Moment, QueryContext
from shared.platform.http.views import View
from shared.platform.service import Service

NOTHING: Final = Money.zero("CNY")


@dataclass(frozen=True)
class BoxOpened:
    account_id: UUID
    number: str
    content: Money


@dataclass(frozen=True)
class MoneyAdded:
    amount: Money


Event = BoxOpened | MoneyAdded


@dataclass(frozen=True)
class Box:
    account_id: UUID | None = None
    number: str = ""
    content: Money = NOTHING


class NumberAlreadyUsed(Rejected):
    """A box of this number is there."""


class BoxNotOpen(Rejected):
    """There is no such box."""


class CurrencyMismatch(Rejected):
    """The box holds another currency."""


def evolve(state: Box, event: Event) -> Box:
    match event:
        case BoxOpened():
            return Box(event.account_id, event.number, event.content)
        case MoneyAdded():
            return replace(state, content=state.content + event.amount)


BOX: Aggregate[Box, Event] = Aggregate(
    "box",
    initial=Box(),
    evolve=evolve,
    account_of=lambda event: event.account_id if isinstance(event, BoxOpened) else None,
)


class OpenBox(RequestBody):
    legal_entity: Code
    number: ShortText
    account_id: Id
    content: MoneyIn
    opened_on: Day


class AddMoney(RequestBody):
    amount: MoneyIn
    payer: AccountRef | None = None


class BoxView(View, frozen=True, kw_only=True):
    """A box."""

    id: UUID
    version: int
    content: Money


def of_state(found: Resource[Box]) -> BoxView:
    return BoxView(id=found.id, version=found.version, content=found.state.content)


router = APIRouter(prefix="/boxes", tags=["boxes"])


@router.post("", status_code=201)
async def open_box(body: OpenBox, context: CommandContext) -> Response:
    stream = BOX.stream(context.book(body.legal_entity), body.number)

    def decide(states: States) -> Sequence[Change[Box, Event]]:
        if states.version(stream):
            raise NumberAlreadyUsed("/number")
        opened = BoxOpened(body.account_id, body.number, body.content.money())
        return [Change(stream, [opened], body.opened_on)]

    return await context.run(Work((stream,), decide), of_state, 201)


@router.post("/{id}:add")
async def add_money(id: Id, body: AddMoney, context: CommandContext) -> Response:
    await context.find(id, "box")
    stream = BOX.existing(id)

    def decide(states: States) -> Sequence[Change[Box, Event]]:
        amount = body.amount.money()
        if amount.currency != states.of(stream).content.currency:
            raise CurrencyMismatch("/amount/currency")
        return [Change(stream, [MoneyAdded(amount)], context.today("Asia/Shanghai"))]

    return await context.run(Work((stream,), decide), of_state)


@router.post("/{id}:empty")
async def empty_box(id: Id, context: CommandContext) -> Response:
    raise ZeroDivisionError("a secret that nobody must read")


@router.get("/shelf")
async def list_shelf(
    paging: Paging,
    moment: Moment,
    color: Annotated[list[Literal["red", "blue"]] | None, Query()] = None,
) -> Response:
    names = [f"box-{n:02}" for n in range(7)]
    rest = [name for name in names if paging.after is None or name > paging.after[0]]
    page = paging.page(rest[: paging.limit + 1], lambda name: (name,))
    return Response(
        to_json({**page._asdict(), "as_of": moment.as_of}), media_type="application/json"
    )


@router.get("/{id}")
async def show_box(id: Id, reading: QueryContext) -> Response:
    async with reading.of("boxes"):
        return Response(b"{}", media_type="application/json")


def _fire(kind: str, stream: UUID, name: str, due_at: datetime) -> AnyWork:
    raise AssertionError("a box has no timers")


def toy_service() -> Service:
    return Service(
        name="toy",
        own={"toy.box.opened.v1": BoxOpened, "toy.box.money_added.v1": MoneyAdded},
        heard={},
        aggregates=[BOX],
        fire=_fire,
        handlers={},
        projections=[],
        reactions=[],
        routers=[router],
        problems={NumberAlreadyUsed: 409, BoxNotOpen: 409, CurrencyMismatch: 422},
    )
