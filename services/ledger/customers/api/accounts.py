"""Routes that change accounts. Who the customer is goes into the party table only."""

from __future__ import annotations

from typing import Final, Literal

from fastapi import APIRouter
from pydantic import Field, model_validator
from starlette.responses import Response

from services.ledger.customers.api.account_view import AccountView, of_state, opened
from services.ledger.customers.api.addresses import Address, Email
from services.ledger.customers.domain.account import commands
from services.ledger.customers.domain.account.decide import UnknownLegalEntity
from services.ledger.customers.handlers import account
from shared.kernel.rejections import NumberAlreadyUsed
from shared.platform.http.commands import CommandContext
from shared.platform.http.models import Code, Id, Number, RequestBody, ShortText, fault
from shared.platform.http.views import answers

router: Final = APIRouter(prefix="/accounts", tags=["accounts"])

REFUSES: Final = (UnknownLegalEntity, NumberAlreadyUsed)


class ContactPerson(RequestBody):
    name: ShortText
    phone: ShortText | None = None
    email: Email | None = None


class Details(RequestBody):
    """Who the customer is: for the party table alone."""

    email: Email | None = None  # Of the customer; without, its contact person's.
    phone: ShortText | None = None
    postal_address: Address | None = None
    contact_person: ContactPerson | None = None
    sales_owner: ShortText | None = None

    def said(self) -> tuple[str, ...]:
        """Names of what the request says about the customer, null included, by name."""
        return tuple(sorted(self.model_fields_set & PERSONAL))

    def party(self) -> dict[str, str | None]:
        """What is to be kept; a contact person is replaced as a whole."""
        found = {name: getattr(self, name) for name in self.said() if name != "contact_person"}
        if "contact_person" in self.said():
            person = self.contact_person
            found["contact_name"] = person.name if person else None
            found["contact_phone"] = person.phone if person else None
            found["contact_email"] = person.email if person else None
        return found


PERSONAL: Final = frozenset(Details.model_fields) | {"name", "language"}


class OpenAccount(Details):
    legal_entity: Code
    number: Number
    name: ShortText
    language: Literal["zh", "en"] = "zh"
    collector_id: Id | None = None


class ChangeDetails(Details):
    """What is not named stays; null takes away."""

    # These two can be changed, and never taken away.
    name: ShortText = Field(default_factory=str)
    language: Literal["zh", "en"] = Field(default_factory=lambda: "zh")
    collector_id: Id | None = None

    @model_validator(mode="after")
    def _says_something(self) -> ChangeDetails:
        if not self.model_fields_set:
            raise fault("invalid_value", "Must name one field at least.")
        return self

    def collector(self) -> commands.Collector | None:
        said = "collector_id" in self.model_fields_set
        return commands.Collector(self.collector_id) if said else None


PROBLEMS: Final = ("email-address-invalid",)


@router.post(
    "", status_code=201, responses=answers(AccountView, 201, refuses=REFUSES, problems=PROBLEMS)
)
async def open_account(body: OpenAccount, context: CommandContext) -> Response:
    command = commands.OpenAccount(
        book=context.book(body.legal_entity),
        number=body.number,
        collector_id=body.collector_id,
        now=context.now,
    )
    party = {"language": body.language, **body.party()}
    return await context.run(account.open_account(command, party), opened, 201)


@router.post("/{id}:change-details", responses=answers(AccountView, problems=PROBLEMS))
async def change_details(id: Id, body: ChangeDetails, context: CommandContext) -> Response:
    await context.find(id, "account")
    command = commands.ChangeDetails(
        account_id=id, fields=body.said(), collector=body.collector(), now=context.now
    )
    return await context.run(account.change_details(command, body.party()), of_state)
