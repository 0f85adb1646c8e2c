"""Request bodies of the ledger's routes, as a client would write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.support.ledger_api import Json, LedgerApi

ENTITY = {"code": "CN01", "name": "华东贸易", "time_zone": "Asia/Shanghai", "currency": "CNY"}
ACCOUNT = {
    "legal_entity": "CN01",
    "number": "C-1001",
    "name": "苏州精密机械",
    "contact_person": {"name": "李雷", "phone": "+86 512 5555 0101", "email": "li@example.com"},
    "language": "zh",
    "sales_owner": "韩梅梅",
    "collector_id": "7f020000-0000-4000-8000-000000000001",
}
OF = {"legal_entity": "CN01", "number": "C-1001"}
TERMS = {
    "portions": [
        {"percent": "70", "anchor": "invoice", "month_end": "end_of_month", "add_days": 30},
        {"percent": "30", "anchor": "delivery", "anchor_on": "2026-02-05"},
    ],
    "discounts": [{"percent": "2", "within_days": 10}],
}


def cny(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


def instant(day: str) -> datetime:
    """Gives noon of that day in Shanghai."""
    return datetime.fromisoformat(f"{day}T04:00:00").replace(tzinfo=UTC)


def bill(number: str, total: str, on: str, **changes: Any) -> Json:
    return {
        "account": OF,
        "number": number,
        "issued_on": on,
        "total": cny(total),
        "terms": {"anchor": "invoice", "add_days": 30},
        **changes,
    }


def pay(number: str, amount: str, on: str, **changes: Any) -> Json:
    return {
        "account": OF,
        "number": number,
        "amount": cny(amount),
        "value_on": on,
        "method": "transfer",
        **changes,
    }


async def opened(api: LedgerApi) -> Json:
    await api.do("/legal-entities", ENTITY)
    return await api.do("/accounts", ACCOUNT)
