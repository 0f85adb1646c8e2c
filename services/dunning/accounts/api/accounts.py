"""Which account a request body means. Dunning has no resource of that name; ledger has."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from services.dunning.accounts.projections import account_facts
from services.dunning.accounts.projections.account_facts import AccountRow
from shared.kernel.rejections import UnknownAccount
from shared.platform.http.commands import CommandContext
from shared.platform.http.models import AccountRef


async def account_meant(
    connection: AsyncConnection, context: CommandContext, account: AccountRef
) -> AccountRow:
    tenant_id = context.tenant_id
    known = await account_facts.account(connection, tenant_id, account.resolve(tenant_id))
    if known is None:
        raise UnknownAccount("/account")
    return known
