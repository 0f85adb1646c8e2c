"""Dunning put together from its areas. No branching on business."""

from __future__ import annotations

from typing import Final

import httpx

from services.dunning.accounts import area as accounts
from services.dunning.alerts import area as alerts
from services.dunning.contract import inbox
from services.dunning.notices import area as notices
from services.dunning.notices.adapters.ledger_parties import LedgerParties
from services.dunning.notices.adapters.maildir import Maildir
from services.dunning.notices.adapters.rendering import Payee, Renderer
from services.dunning.notices.handlers.ports import Ports
from services.dunning.runtime.settings import Settings
from services.dunning.strategies import area as strategies
from services.dunning.work import area as work
from shared.platform.area import join
from shared.platform.service import Service

NAME: Final = "dunning"
AREAS: Final = (accounts.AREA, strategies.AREA, alerts.AREA, notices.AREA, work.AREA)

# Nothing to close when the process ends; a notice is no hot path.
NOTHING_KEPT: Final = httpx.Limits(max_keepalive_connections=0)


def ports(settings: Settings, ledger: httpx.AsyncClient) -> Ports:
    payee = Payee(settings.payment_instructions, settings.contact)
    maildir = Maildir(settings.mail, Renderer(payee), settings.sender)
    return Ports(parties=LedgerParties(ledger), delivery=maildir)


def service(settings: Settings, ledger: httpx.AsyncClient | None = None) -> Service:
    """`ledger` is a client of ledger's API; by default one of the address in the settings."""
    client = ledger or httpx.AsyncClient(base_url=settings.ledger, limits=NOTHING_KEPT)
    return join(
        NAME,
        AREAS,
        subscribes_to=inbox.SUBSCRIBES_TO,
        settings=settings,
        ports=ports(settings, client),
    )
