"""Keeps a small book with the generated clients alone, as somebody else's program would.

Run by the Python that has what they need, beside the folder they are in; prints what it read.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from typing import Any
from uuid import UUID

from credit import Client as CreditClient
from credit.api.credit_lines import list_credit_lines
from dunning import Client as DunningClient
from dunning.api.work_list import show_work_list
from ledger import Client as LedgerClient
from ledger.api.accounts import open_account
from ledger.api.invoices import issue_invoice
from ledger.api.legal_entities import register_legal_entity
from ledger.api.reports import show_aging
from ledger.models import (
    AccountRef,
    IssueInvoice,
    MoneyIn,
    OpenAccount,
    ProblemView,
    RegisterLegalEntity,
)


def keep(url: str) -> dict[str, Any]:
    ledger = LedgerClient(base_url=f"{url}/ledger", raise_on_unexpected_status=True)
    entity = RegisterLegalEntity(
        code="CN01", name="华东贸易", time_zone="Asia/Shanghai", currency="CNY"
    )
    register_legal_entity.sync(client=ledger, body=entity, idempotency_key="entity")
    account = OpenAccount(legal_entity="CN01", number="C-1001", name="苏州精密机械")
    opened = open_account.sync(client=ledger, body=account, idempotency_key="account")
    invoice = IssueInvoice(
        account=AccountRef(id=opened.id),
        number="2026-0131",
        issued_on=date(2026, 1, 5),
        total=MoneyIn(amount="8000.00", currency="CNY"),
        due_on=date(2026, 2, 4),
    )
    answer = issue_invoice.sync_detailed(client=ledger, body=invoice, idempotency_key="invoice")
    refused = issue_invoice.sync(client=ledger, body=invoice, idempotency_key="again")
    assert isinstance(refused, ProblemView)
    aging = show_aging.sync(
        client=ledger,
        legal_entity="CN01",
        consistency_token=answer.headers["consistency-token"],
        prefer="wait=20",
    )
    (currency,) = aging.currencies
    credit = CreditClient(base_url=f"{url}/credit", raise_on_unexpected_status=True)
    dunning = DunningClient(base_url=f"{url}/dunning", raise_on_unexpected_status=True)
    return {
        "status": answer.status_code,
        "has_id": isinstance(answer.parsed.id, UUID),
        "due_on": [str(one.due_on) for one in answer.parsed.installments],
        "refused": refused.code,
        "buckets": [one.bucket for one in currency.buckets if one.items],
        "open": currency.total.open_amount.to_dict(),
        "credit_lines": len(list_credit_lines.sync(client=credit).items),
        "work_list": len(show_work_list.sync(client=dunning).items),
    }


if __name__ == "__main__":
    json.dump(keep(sys.argv[1]), sys.stdout)
