"""Which account a request body means. Dunning has no resource of that name; ledger has."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from services.dunning.domain.rejections import UnknownAccount
from services.dunning.projections import account_facts
from services.dunning.projections.account_facts import Account
from shared.platform.http.commands import Commanding
from shared.platform.http.models import AccountRef


async def account_meant(
    connection: AsyncConnection, commanding: Commanding, account: AccountRef
) -> Account:
    tenant_id = commanding.tenant_id
    known = await account_facts.account(connection, tenant_id, account.resolve(tenant_id))
    if known is None:
        raise UnknownAccount("/account")
    return known
