from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from services.dunning.notices.adapters.ledger_debtors import LedgerDebtors
from services.dunning.notices.adapters.maildir import Maildir
from services.dunning.notices.adapters.rendering import Renderer
from services.dunning.notices.domain.notice.commands import AcceptNotice
from services.dunning.notices.effects.when_notice_was_queued_hand_it_over import perform
from services.dunning.notices.handlers.ports import Ports
from shared.platform.reactor.port import Unreachable
from tests.dunning.notices.adapters.test_rendering import PAYEE
from tests.support.dunning import ACCOUNT, after, at, recorded
from tests.support.dunning_samples import QUEUED

SOURCE = recorded(QUEUED, after(1))
NOW = at(after(1), 1)
ANSWER = {
    "id": str(ACCOUNT),
    "number": "C-1001",
    "name": "Example Trading Ltd",
    "contact_person": {"name": "Ann Lee", "phone": None, "email": "ann@example.com"},
    "language": "en",
    "sales_owner": None,
    "unknown": {"later": 1},
}


def handing_over(folder: Path, handler: httpx.MockTransport) -> Ports:
    client = httpx.AsyncClient(base_url="http://ledger", transport=handler)
    maildir = Maildir(folder, Renderer(PAYEE), "a@b.example")
    return Ports(debtors=LedgerDebtors(client), delivery=maildir)


def answering(response: httpx.Response, asked: list[str] | None = None) -> httpx.MockTransport:
    def handle(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(request.url.path)
        return response

    return httpx.MockTransport(handle)


def mail_in(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in sorted(folder.rglob("*.duebook"))]


class TestPerform:
    async def test_asks_ledger_writes_the_notice_and_wishes_it_accepted(
        self, tmp_path: Path
    ) -> None:
        asked: list[str] = []
        transport = answering(httpx.Response(200, json=ANSWER), asked)

        wishes = await perform(handing_over(tmp_path, transport), SOURCE, NOW)

        assert asked == [f"/v1/accounts/{ACCOUNT}"]
        assert wishes == [
            AcceptNotice(
                notice_id=SOURCE.stream_id,
                message_id=f"<{SOURCE.stream_id}@duebook.invalid>",
                effective_on=after(1),
            )
        ]
        (message,) = mail_in(tmp_path)
        assert b"ann@example.com" in message

    @pytest.mark.parametrize(
        "response",
        [
            httpx.Response(503),
            httpx.Response(404),
            httpx.Response(200, content=b"<html>"),
            httpx.Response(200, json={"name": 1}),
        ],
    )
    async def test_waits_while_ledger_has_no_answer(
        self, tmp_path: Path, response: httpx.Response
    ) -> None:
        with pytest.raises(Unreachable):
            await perform(handing_over(tmp_path, answering(response)), SOURCE, NOW)
        assert mail_in(tmp_path) == []

    async def test_waits_while_ledger_is_away(self, tmp_path: Path) -> None:
        def refuse(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("refused")

        with pytest.raises(Unreachable):
            await perform(handing_over(tmp_path, httpx.MockTransport(refuse)), SOURCE, NOW)


class TestDebtor:
    async def test_speaks_chinese_unless_english_is_asked_for(self) -> None:
        bare = {"number": "C-1001", "name": None, "language": None}
        client = httpx.AsyncClient(
            base_url="http://ledger", transport=answering(httpx.Response(200, json=bare))
        )

        debtor = await LedgerDebtors(client).debtor(ACCOUNT)

        assert (debtor.language, debtor.name) == ("zh", "C-1001")
