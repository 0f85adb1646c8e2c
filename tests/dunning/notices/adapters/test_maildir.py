from __future__ import annotations

import mailbox
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path

from services.dunning.notices.adapters.maildir import Maildir, deliver
from services.dunning.notices.adapters.rendering import Renderer
from services.dunning.notices.handlers.ports import Debtor
from tests.dunning.notices.adapters.test_rendering import DEBTOR, PAYEE
from tests.support.dunning import after, recorded
from tests.support.dunning_samples import QUEUED

EMAIL = recorded(QUEUED, after(1))
LETTER = recorded(replace(QUEUED, channel="letter", template="dunning_letter"), after(30))


def outbox(folder: Path) -> Maildir:
    return Maildir(folder, Renderer(PAYEE), "AR <ar@example.com>")


def to(debtor: Debtor, folder: Path) -> str:
    return str(outbox(folder).message(EMAIL, debtor)["To"])


class TestHandOver:
    async def test_puts_an_email_where_any_mail_reader_finds_it(self, tmp_path: Path) -> None:
        message_id = await outbox(tmp_path).hand_over(EMAIL, DEBTOR)

        (key,) = mailbox.Maildir(tmp_path / "emails", create=False).keys()
        raw = mailbox.Maildir(tmp_path / "emails", create=False).get_bytes(key)
        message = message_from_bytes(raw, policy=policy.default)
        assert message["Message-ID"] == message_id == f"<{EMAIL.stream_id}@duebook.invalid>"
        assert message["Date"] == "Tue, 03 Mar 2026 00:00:00 +0000"
        assert message["X-Duebook-Account"] == "C-1001"
        assert message["Subject"] == "逾期提醒\uff1a¥3,550.50 尚未付款"
        body = message.get_body()
        assert body is not None
        assert "2026-0131" in body.get_content()

    async def test_puts_letters_apart(self, tmp_path: Path) -> None:
        await outbox(tmp_path).hand_over(LETTER, DEBTOR)

        assert len(list((tmp_path / "letters" / "new").iterdir())) == 1
        assert not (tmp_path / "emails").exists()

    async def test_does_not_double_what_is_handed_over_again(self, tmp_path: Path) -> None:
        first = await outbox(tmp_path).hand_over(EMAIL, DEBTOR)
        again = await outbox(tmp_path).hand_over(EMAIL, DEBTOR)

        assert again == first
        assert len(list((tmp_path / "emails" / "new").iterdir())) == 1

    async def test_does_not_double_what_was_read_already(self, tmp_path: Path) -> None:
        await outbox(tmp_path).hand_over(EMAIL, DEBTOR)
        (file,) = (tmp_path / "emails" / "new").iterdir()
        file.rename(tmp_path / "emails" / "cur" / f"{file.name}:2,S")

        await outbox(tmp_path).hand_over(EMAIL, DEBTOR)

        assert list((tmp_path / "emails" / "new").iterdir()) == []


class TestDeliver:
    def test_replaces_what_a_crash_left_half_written(self, tmp_path: Path) -> None:
        deliver(tmp_path, "other", b"")
        (tmp_path / "tmp" / "n").write_bytes(b"half")

        deliver(tmp_path, "n", b"whole")

        assert (tmp_path / "new" / "n").read_bytes() == b"whole"
        assert list((tmp_path / "tmp").iterdir()) == []


class TestRecipient:
    def test_is_the_address_when_there_is_one(self, tmp_path: Path) -> None:
        assert "wang@example.com" in to(replace(DEBTOR, email="wang@example.com"), tmp_path)

    def test_is_the_name_alone_without_an_address(self, tmp_path: Path) -> None:
        assert to(DEBTOR, tmp_path).endswith(":;")

    def test_cannot_add_a_header(self, tmp_path: Path) -> None:
        named = replace(DEBTOR, name="A\r\nBcc: b@example.com", email="a@b\r\nBcc: c")

        message = outbox(tmp_path).message(EMAIL, named)

        assert message["Bcc"] is None
