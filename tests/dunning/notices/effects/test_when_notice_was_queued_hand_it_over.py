from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx
import pytest

from services.dunning.notices.adapters.ledger_parties import (
    LedgerParties,
    PartyNotUnderstood,
    PartyUnknown,
)
from services.dunning.notices.adapters.maildir import Maildir
from services.dunning.notices.adapters.rendering import Renderer
from services.dunning.notices.domain.notice.commands import (
    AcceptNotice,
    Command,
    MarkFailed,
    MarkUndeliverable,
    QueueNotice,
)
from services.dunning.notices.domain.notice.decide import notice_of
from services.dunning.notices.domain.notice_days import LATE_DAYS_MAX
from services.dunning.notices.effects.when_notice_was_queued_hand_it_over import failed, perform
from services.dunning.notices.handlers.ports import Ports
from shared.platform.reactor.port import Unreachable
from tests.dunning.notices.adapters.test_rendering import PAYEE
from tests.support.dunning import ACCOUNT, after, at, recorded
from tests.support.dunning_samples import QUEUED

SOURCE: Final = recorded(QUEUED, after(1), stream=UUID(int=5))
LETTER: Final = recorded(replace(QUEUED, channel="letter"), after(1), stream=UUID(int=6))
NOW: Final = at(after(1), 1)
ACCOUNT_PATH: Final = f"/v1/accounts/{ACCOUNT}"
ENTITY_PATH: Final = "/v1/legal-entities/CN01"
ENTITY: Final = {"code": "CN01", "name": "Example Holding", "address": "Road 1", "later": 1}
ANSWER: Final[dict[str, Any]] = {
    "id": str(ACCOUNT),
    "number": "C-1001",
    "name": "Example Trading Ltd",
    "contact_person": {"name": "Ann Lee", "phone": None, "email": "ann@example.com"},
    "postal_address": None,
    "language": "en",
    "sales_owner": None,
    "unknown": {"later": 1},
}
STREET: Final = "Street 2\n12345 Town"


def with_email(persons: str | None, **more: Any) -> dict[str, Any]:
    return {**ANSWER, "contact_person": {"name": "Ann Lee", "email": persons}, **more}


class Ledger:
    """Answers by path; what it has no answer for is not found."""

    def __init__(self, **answers: httpx.Response | Exception) -> None:
        self.asked: list[str] = []
        usual = {
            "account": httpx.Response(200, json=ANSWER),
            "entity": httpx.Response(200, json=ENTITY),
        }
        found: Mapping[str, httpx.Response | Exception] = {**usual, **answers}
        self._answers = {ACCOUNT_PATH: found["account"], ENTITY_PATH: found["entity"]}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        answer = self._answers.get(request.url.path, httpx.Response(404))
        if isinstance(answer, Exception):
            raise answer
        return answer


def ports(folder: Path, ledger: Callable[[httpx.Request], httpx.Response]) -> Ports:
    client = httpx.AsyncClient(base_url="http://ledger", transport=httpx.MockTransport(ledger))
    maildir = Maildir(folder, Renderer(PAYEE), "a@b.example")
    return Ports(parties=LedgerParties(client), delivery=maildir)


def knowing(account: Mapping[str, Any]) -> Ledger:
    return Ledger(account=httpx.Response(200, json=account))


def mail_in(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in sorted(folder.rglob("*.duebook"))]


class TestPerform:
    async def test_asks_ledger_writes_the_notice_and_has_it_accepted(self, tmp_path: Path) -> None:
        ledger = Ledger()

        commands = await perform(ports(tmp_path, ledger), SOURCE, NOW)

        assert ledger.asked == [ACCOUNT_PATH, ENTITY_PATH]
        message_id = f"<{SOURCE.stream_id}@duebook.invalid>"
        assert commands == [AcceptNotice(notice_id=SOURCE.stream_id, message_id=message_id)]
        (message,) = mail_in(tmp_path)
        assert b"ann@example.com" in message

    async def test_says_the_same_when_it_is_repeated_whatever_has_changed(
        self, tmp_path: Path
    ) -> None:
        """After a crash: the address is gone by then, and days have passed."""
        first = await perform(ports(tmp_path, Ledger()), SOURCE, NOW)
        without = ports(tmp_path, knowing(with_email(None, postal_address=STREET)))

        assert await perform(without, SOURCE, NOW + timedelta(days=60)) == first
        assert len(mail_in(tmp_path)) == 1

    @pytest.mark.parametrize(
        "answer",
        [
            httpx.Response(503),
            httpx.Response(429),
            httpx.Response(200, content=b"<html>"),
            httpx.ConnectError("refused"),
            httpx.ReadTimeout("slow"),
            httpx.DecodingError("not gzip"),
        ],
    )
    @pytest.mark.parametrize("who", ["account", "entity"])
    async def test_waits_while_ledger_is_away(
        self, tmp_path: Path, answer: httpx.Response | Exception, who: str
    ) -> None:
        with pytest.raises(Unreachable):
            await perform(ports(tmp_path, Ledger(**{who: answer})), SOURCE, NOW)
        assert mail_in(tmp_path) == []

    @pytest.mark.parametrize(
        ("answer", "fault"),
        [
            (httpx.Response(404), PartyUnknown),
            (httpx.Response(200, json={"name": 1}), PartyNotUnderstood),
            (httpx.Response(200, json=[]), PartyNotUnderstood),
            (httpx.Response(200, json={**ANSWER, "name": "x" * 1001}), PartyNotUnderstood),
        ],
    )
    @pytest.mark.parametrize("who", ["account", "entity"])
    async def test_fails_when_ledger_has_no_use_for_this_notice_alone(
        self, tmp_path: Path, answer: httpx.Response, fault: type[Exception], who: str
    ) -> None:
        with pytest.raises(fault):
            await perform(ports(tmp_path, Ledger(**{who: answer})), SOURCE, NOW)


UNDELIVERABLE: Final = [
    (None, "no_address"),
    ("", "no_address"),
    ("   ", "no_address"),
    ("billing@[example.test", "address_not_usable"),
    ("info@b,c.test", "address_not_usable"),
    ("a@b\r\nBcc: c@example.com", "address_not_usable"),
]


@pytest.mark.parametrize(("email", "reason"), UNDELIVERABLE)
class TestAnEmailThatReachesNobody:
    async def test_is_undeliverable(self, email: str | None, reason: str, tmp_path: Path) -> None:
        commands = await perform(ports(tmp_path, knowing(with_email(email))), SOURCE, NOW)

        assert commands == [
            MarkUndeliverable(notice_id=SOURCE.stream_id, reason=reason, letter_follows=False)
        ]
        assert mail_in(tmp_path) == []

    async def test_becomes_a_letter_where_there_is_a_postal_address(
        self, email: str | None, reason: str, tmp_path: Path
    ) -> None:
        ledger = knowing(with_email(email, postal_address=STREET))
        said, letter = await perform(ports(tmp_path, ledger), SOURCE, NOW)

        assert said == MarkUndeliverable(
            notice_id=SOURCE.stream_id, reason=reason, letter_follows=True
        )
        assert isinstance(letter, QueueNotice)
        assert (letter.channel, letter.instead_of) == ("letter", SOURCE.stream_id)
        same = {
            name: getattr(QUEUED, name)
            for name in ("written_on", "template", "items", "part", "demanded", "unallocated")
        }
        assert {name: getattr(letter, name) for name in same} == same

    async def test_becomes_the_same_letter_on_whatever_day_it_is_repeated(
        self, email: str | None, reason: str, tmp_path: Path
    ) -> None:
        streams = set()
        for days in (0, 1, LATE_DAYS_MAX):
            ledger = knowing(with_email(email, postal_address=STREET))
            now = NOW + timedelta(days=days)
            _, letter = await perform(ports(tmp_path, ledger), SOURCE, now)
            assert isinstance(letter, QueueNotice)
            streams.add(notice_of(letter).id)

        assert len(streams) == 1


class TestALetter:
    async def test_shows_the_postal_address(self, tmp_path: Path) -> None:
        commands = await perform(
            ports(tmp_path, knowing({**ANSWER, "postal_address": STREET})), LETTER, NOW
        )

        (accepted,) = commands
        assert isinstance(accepted, AcceptNotice)

    @pytest.mark.parametrize("address", [None, "", " \n "])
    async def test_is_undeliverable_without_one(self, address: str | None, tmp_path: Path) -> None:
        ledger = knowing({**ANSWER, "postal_address": address})

        assert await perform(ports(tmp_path, ledger), LETTER, NOW) == [
            MarkUndeliverable(notice_id=LETTER.stream_id, reason="no_address", letter_follows=False)
        ]


class TestANoticeThatWaited:
    @pytest.mark.parametrize(
        ("source", "now"),
        [
            (SOURCE, NOW + timedelta(days=LATE_DAYS_MAX + 1)),
            (
                recorded(replace(QUEUED, step=-3, template="pre_due"), after(-1)),
                at(after(0), 1),
            ),
        ],
    )
    async def test_does_not_leave_too_late(
        self, source: Any, now: datetime, tmp_path: Path
    ) -> None:
        """A "due soon" never leaves when it is due, nor a reminder after an outage of weeks."""
        assert await perform(ports(tmp_path, Ledger()), source, now) == [
            MarkFailed(notice_id=source.stream_id, reason="too_late")
        ]
        assert mail_in(tmp_path) == []


class TestFailed:
    def test_says_why(self) -> None:
        commands: list[Command] = list(failed(SOURCE, "PermissionError"))
        assert commands == [MarkFailed(notice_id=SOURCE.stream_id, reason="PermissionError")]


class TestLedgerParties:
    @pytest.mark.parametrize(
        ("persons", "own", "used"),
        [
            ("p@example.com", "o@example.com", "p@example.com"),
            (None, "o@example.com", "o@example.com"),
            ("", "o@example.com", "o@example.com"),
            ("info@b,c.test", "o@example.com", "o@example.com"),
            ("info@b,c.test", None, "info@b,c.test"),
            (None, None, ""),
        ],
    )
    async def test_take_the_persons_email_and_else_the_customers_own(
        self, persons: str | None, own: str | None, used: str
    ) -> None:
        found = await ports(Path(), knowing(with_email(persons, email=own))).parties.debtor(ACCOUNT)

        assert found.email == used

    async def test_speak_chinese_unless_english_is_asked_for(self) -> None:
        bare = {"number": "C-1001", "name": None, "language": None}
        found = await ports(Path(), knowing(bare)).parties.debtor(ACCOUNT)

        assert (found.language, found.name) == ("zh", "C-1001")
        assert (found.email, found.postal_address) == ("", "")

    async def test_know_the_creditor_by_any_code(self) -> None:
        asked: list[str] = []

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(request.url.raw_path.decode())
            return httpx.Response(200, json={"name": "X"})

        found = await ports(Path(), answer).parties.creditor("中国 1/2")

        assert asked == ["/v1/legal-entities/%E4%B8%AD%E5%9B%BD%201%2F2"]
        assert (found.name, found.address) == ("X", "")
