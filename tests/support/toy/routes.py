"""The routes of the toy service: a wallet is opened with money, and money is put into it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from shared.kernel.decider import Change, Rejected, Resource, States, Work, expect
from shared.kernel.money import Money
from shared.platform.codec import to_json
from shared.platform.http.commands import CommandContext
from shared.platform.http.models import AccountRef, Code, Day, Id, MoneyIn, RequestBody, ShortText
from shared.platform.http.paging import Paging
from shared.platform.http.queries import Moment, QueryContext
from shared.platform.http.views import View
from tests.support.toy.wallet import (
    Event,
    Filled,
    NumberAlreadyUsed,
    Opened,
    State,
    Wallet,
    wallet,
)

CURRENCY: Final = "CNY"  # A coin is its smallest unit.
NEVER: Final = datetime(2099, 1, 1, tzinfo=UTC)


class CurrencyMismatch(Rejected):
    """The coins of a wallet are of another currency."""


class OpenWallet(RequestBody):
    legal_entity: Code
    number: ShortText
    account_id: Id
    content: MoneyIn
    opened_on: Day


class AddMoney(RequestBody):
    amount: MoneyIn
    payer: AccountRef | None = None


class WalletView(View, frozen=True, kw_only=True):
    """A wallet."""

    id: UUID
    version: int
    content: Money


router = APIRouter(prefix="/wallets", tags=["wallets"])


@router.post("", status_code=201)
async def open_wallet(body: OpenWallet, context: CommandContext) -> Response:
    stream = wallet.stream(context.book(body.legal_entity), body.number)

    def decide(states: States) -> Sequence[Change[State, Event]]:
        if states.version(stream):
            raise NumberAlreadyUsed("/number")
        opened = Opened(body.account_id, NEVER, coins_of(body.content, "/content/currency"))
        return [Change(stream, [opened], body.opened_on)]

    return await context.run(Work((stream,), decide), of_state, 201)


@router.post("/{id}:add")
async def add_money(id: Id, body: AddMoney, context: CommandContext) -> Response:
    await context.find(id, "wallet")
    stream = wallet.existing(id)

    def decide(states: States) -> Sequence[Change[State, Event]]:
        filled = Filled(coins_of(body.amount, "/amount/currency"))
        return [Change(stream, [filled], context.today("Asia/Shanghai"))]

    return await context.run(Work((stream,), decide), of_state)


@router.post("/{id}:empty")
async def empty_wallet(id: Id, context: CommandContext) -> Response:
    raise ZeroDivisionError("a secret that nobody must read")


@router.get("/numbers")
async def list_numbers(
    paging: Paging,
    moment: Moment,
    color: Annotated[list[Literal["red", "blue"]] | None, Query()] = None,
) -> Response:
    names = [f"wallet-{n:02}" for n in range(7)]
    rest = [name for name in names if paging.after is None or name > paging.after[0]]
    page = paging.page(rest[: paging.limit + 1], lambda name: (name,))
    return Response(
        to_json({**page._asdict(), "as_of": moment.as_of}), media_type="application/json"
    )


@router.get("/{id}")
async def show_wallet(id: Id, query: QueryContext) -> Response:
    async with query.of("wallets"):
        return Response(b"{}", media_type="application/json")


def of_state(found: Resource[State]) -> WalletView:
    content = Money(expect(found.state, Wallet).coins, CURRENCY)
    return WalletView(id=found.id, version=found.version, content=content)


def coins_of(given: MoneyIn, field: str) -> int:
    amount = given.money()
    if amount.currency != CURRENCY:
        raise CurrencyMismatch(field)
    return amount.minor
