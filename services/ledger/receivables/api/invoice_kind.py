"""The invoice kind of this installation, with its thresholds, as routes are given it."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import Request

from services.ledger.receivables.handlers.invoice import Invoices
from shared.platform.http.parts import parts_of


async def _invoices(request: Request) -> Invoices:
    kinds = parts_of(request).service.aggregates
    return cast(Invoices, next(kind for kind in kinds if kind.kind == "invoice"))


InvoiceKind = Annotated[Invoices, Depends(_invoices)]
