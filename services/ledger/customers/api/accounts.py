"""Routes that change accounts. Names and contact persons go into the party table only."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from services.ledger.customers.api.account_view import AccountView, of_state
from services.ledger.customers.domain.account import commands
from services.ledger.customers.domain.account.decide import UnknownLegalEntity
from services.ledger.customers.handlers import account
from shared.kernel.rejections import NumberAlreadyUsed
from shared.platform.http.commands import CommandContext
from shared.platform.http.models import SHORT_TEXT_MAX, Code, Id, RequestBody, ShortText
from shared.platform.http.views import answers

router: Final = APIRouter(prefix="/accounts", tags=["accounts"])

REFUSES: Final = (UnknownLegalEntity, NumberAlreadyUsed)

Email = Annotated[str, Field(max_length=SHORT_TEXT_MAX, pattern=r"^[^@\s]+@[^@\s]+$")]


class ContactPerson(RequestBody):
    name: ShortText
    phone: ShortText | None = None
    email: Email | None = None


class OpenAccount(RequestBody):
    legal_entity: Code
    number: ShortText
    name: ShortText
    contact_person: ContactPerson | None = None
    language: Literal["zh", "en"] = "zh"
    sales_owner: ShortText | None = None
    collector_id: Id | None = None

    def party(self) -> dict[str, str]:
        person = self.contact_person
        details = {
            "name": self.name,
            "contact_name": person.name if person else None,
            "contact_phone": person.phone if person else None,
            "contact_email": person.email if person else None,
            "language": self.language,
            "sales_owner": self.sales_owner,
        }
        return {name: value for name, value in details.items() if value is not None}


@router.post("", status_code=201, responses=answers(AccountView, 201, refuses=REFUSES))
async def open_account(body: OpenAccount, context: CommandContext) -> Response:
    command = commands.OpenAccount(
        book=context.book(body.legal_entity),
        number=body.number,
        collector_id=body.collector_id,
        now=context.now,
    )
    return await context.run(account.open_account(command, body.party()), of_state, 201)
