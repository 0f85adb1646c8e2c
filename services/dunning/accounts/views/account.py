"""How dunning shows the account of a thing; ledger has the whole of it."""

from __future__ import annotations

from shared.platform.projector.keyset import Record


def account_of(row: Record) -> dict[str, object]:
    return {
        "id": row["account_id"],
        "legal_entity": row["legal_entity"],
        "number": row["account_number"],
    }
