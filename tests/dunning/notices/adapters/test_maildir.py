from __future__ import annotations

import mailbox
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.dunning.notices.adapters import maildir
from services.dunning.notices.adapters.maildir import Maildir, deliver
from services.dunning.notices.adapters.rendering import Renderer
from shared.platform.reactor.port import Unreachable
from tests.dunning.notices.adapters.test_rendering import CREDITOR, DEBTOR, PAYEE
from tests.support.dunning import after, recorded
from tests.support.dunning_samples import QUEUED

EMAIL = recorded(QUEUED, after(1))
LETTER = recorded(replace(QUEUED, channel="letter", template="dunning_letter"), after(30))
WRITE = Path.open


def outbox(folder: Path) -> Maildir:
    return Maildir(folder, Renderer(PAYEE), "AR <ar@example.com>")


def read(message: EmailMessage) -> EmailMessage:
    """As a mail reader does."""
    return message_from_bytes(message.as_bytes(policy=policy.SMTP), policy=policy.default)


NOWHERE = outbox(Path())


class TestHandOver:
    async def test_puts_an_email_where_any_mail_reader_finds_it(self, tmp_path: Path) -> None:
        message_id = await outbox(tmp_path).hand_over(EMAIL, DEBTOR, CREDITOR)

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
        await outbox(tmp_path).hand_over(LETTER, DEBTOR, CREDITOR)

        assert len(list((tmp_path / "letters" / "new").iterdir())) == 1
        assert not (tmp_path / "emails").exists()

    async def test_does_not_double_what_is_handed_over_again(self, tmp_path: Path) -> None:
        first = await outbox(tmp_path).hand_over(EMAIL, DEBTOR, CREDITOR)
        again = await outbox(tmp_path).hand_over(EMAIL, DEBTOR, CREDITOR)

        assert again == first
        assert len(list((tmp_path / "emails" / "new").iterdir())) == 1

    async def test_does_not_double_what_was_read_already(self, tmp_path: Path) -> None:
        await outbox(tmp_path).hand_over(EMAIL, DEBTOR, CREDITOR)
        (file,) = (tmp_path / "emails" / "new").iterdir()
        file.rename(tmp_path / "emails" / "cur" / f"{file.name}:2,S")

        await outbox(tmp_path).hand_over(EMAIL, DEBTOR, CREDITOR)

        assert list((tmp_path / "emails" / "new").iterdir()) == []


class TestHandedOver:
    async def test_finds_what_waits_and_what_was_read(self, tmp_path: Path) -> None:
        box = outbox(tmp_path)
        assert await box.handed_over(EMAIL) is None
        message_id = await box.hand_over(EMAIL, DEBTOR, CREDITOR)
        assert await box.handed_over(EMAIL) == message_id
        (file,) = (tmp_path / "emails" / "new").iterdir()
        file.rename(tmp_path / "emails" / "cur" / f"{file.name}:2,S")
        assert await box.handed_over(EMAIL) == message_id
        assert await box.handed_over(LETTER) is None


class TestDeliver:
    def test_replaces_what_a_crash_left_half_written(self, tmp_path: Path) -> None:
        deliver(tmp_path, "other", b"")
        (tmp_path / "tmp" / "n").write_bytes(b"half")

        deliver(tmp_path, "n", b"whole")

        assert (tmp_path / "new" / "n").read_bytes() == b"whole"
        assert list((tmp_path / "tmp").iterdir()) == []

    @pytest.mark.parametrize(
        ("name", "block"),
        [
            ("n", lambda box: (box / "new" / "n").mkdir()),
            ("n", lambda box: (box / "tmp" / "n").mkdir()),
            ("n" * 300, lambda box: None),
        ],
    )
    def test_raises_what_concerns_one_file_and_takes_others(
        self, name: str, block: Callable[[Path], None], tmp_path: Path
    ) -> None:
        deliver(tmp_path, "before", b"")
        block(tmp_path)

        with pytest.raises(OSError, match=r".+"):
            deliver(tmp_path, name, b"x")
        deliver(tmp_path, "after", b"")

        names = {file.name for file in (tmp_path / "new").iterdir() if file.is_file()}
        assert names == {"before", "after"}

    def test_raises_a_refusal_that_concerns_one_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(path: Path, *args: Any) -> Any:
            if path.name == "n":
                raise PermissionError(13, "denied")
            return WRITE(path, *args)

        monkeypatch.setattr(Path, "open", refuse)

        with pytest.raises(PermissionError):
            deliver(tmp_path, "n", b"x")

    @pytest.mark.parametrize("error", [PermissionError(13, "denied"), OSError(28, "no space")])
    def test_waits_while_no_file_can_be_written(
        self, error: OSError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It concerns every notice, so none is given up."""

        def refuse(path: Path, *args: Any) -> Any:
            raise error

        monkeypatch.setattr(Path, "open", refuse)

        with pytest.raises(Unreachable):
            deliver(tmp_path, "n", b"x")

    def test_waits_where_the_box_is_no_folder(self, tmp_path: Path) -> None:
        (tmp_path / "emails").write_bytes(b"")

        with pytest.raises(Unreachable):
            deliver(tmp_path / "emails", "n", b"x")

    def test_leaves_nothing_behind_when_it_tried(self, tmp_path: Path) -> None:
        deliver(tmp_path, "before", b"")
        (tmp_path / "new" / "n").mkdir()
        with pytest.raises(OSError, match=r".+"):
            deliver(tmp_path, "n", b"x")

        assert maildir._takes_files(tmp_path, b"x")
        assert [file for file in tmp_path.rglob(".*")] == []


class TestMessage:
    def to(self, **debtor: str) -> str:
        message = NOWHERE.message(EMAIL, replace(DEBTOR, **debtor), CREDITOR)
        return str(read(message)["To"])

    def test_goes_to_the_address(self) -> None:
        assert self.to(email="wang@example.com").endswith("<wang@example.com>")

    def test_names_who_gets_a_letter(self) -> None:
        message = NOWHERE.message(LETTER, DEBTOR, CREDITOR)
        assert str(read(message)["To"]).endswith("王芳:;")

    @settings(deadline=None)  # The templates are read in the first example.
    @given(name=st.text(max_size=30), person=st.text(max_size=30), number=st.text(max_size=20))
    @example(name="0" * 28, person="0" * 28, number="")  # So long that the name is folded.
    def test_has_no_header_that_a_name_brought_in(
        self, name: str, person: str, number: str
    ) -> None:
        queued = EMAIL._replace(event=replace(QUEUED, account_number=number))
        hostile = f"{name}\r\nBcc: b@example.com"
        debtor = replace(DEBTOR, name=hostile, contact_person=person)
        usual = NOWHERE.message(EMAIL, DEBTOR, CREDITOR)

        message = read(NOWHERE.message(queued, debtor, CREDITOR))

        assert message.keys() == read(usual).keys()
        (address,) = message["To"].addresses
        assert address.addr_spec == DEBTOR.email
