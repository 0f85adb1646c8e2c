"""Notices as files of a Maildir, for whoever sends or prints them. Written once, whole or not."""

from __future__ import annotations

import asyncio
import os
import re
from email.headerregistry import Address, Group
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Final

from services.dunning.notices.adapters.rendering import Renderer, one_line
from services.dunning.notices.domain.addresses import usable_email
from services.dunning.notices.domain.notice.events import NoticeQueued
from services.dunning.notices.handlers.ports import Creditor, Debtor
from services.dunning.strategies.domain.dunning_plan import LETTER
from shared.kernel.envelope import Recorded
from shared.platform.reactor.port import Unreachable

FOLDERS: Final = {False: "emails", True: "letters"}
DOMAIN: Final = "duebook.invalid"  # Of message ids: a name nobody can own.

# What has a meaning among addresses. Python's folding of a long name loses the quotes around it,
# and then "Bcc: b@example.com" in a name is whom the notice goes to.
_SYNTAX: Final = re.compile(r'[()<>\[\]:;@\\,."]')


class Maildir:
    """Two Maildirs below one folder: `emails` and `letters`."""

    def __init__(self, folder: Path, renderer: Renderer, sender: str) -> None:
        self._folder = folder
        self._renderer = renderer
        self._sender = sender

    async def handed_over(self, queued: Recorded[NoticeQueued]) -> str | None:
        is_there = await asyncio.to_thread(_is_there, self._box(queued), _file(queued))
        return _message_id(queued) if is_there else None

    async def hand_over(
        self, queued: Recorded[NoticeQueued], debtor: Debtor, creditor: Creditor
    ) -> str:
        message = self.message(queued, debtor, creditor)
        content = message.as_bytes(policy=SMTP)
        await asyncio.to_thread(deliver, self._box(queued), _file(queued), content)
        return _message_id(queued)

    def message(
        self, queued: Recorded[NoticeQueued], debtor: Debtor, creditor: Creditor
    ) -> EmailMessage:
        notice = queued.event
        rendered = self._renderer.render(notice, debtor, creditor)
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = _recipient(notice, debtor)
        message["Subject"] = rendered.subject
        message["Date"] = format_datetime(queued.recorded_at)
        message["Message-ID"] = _message_id(queued)
        message["Content-Language"] = debtor.language
        message["X-Duebook-Account"] = one_line(notice.account_number)
        message["X-Duebook-Channel"] = notice.channel
        message["X-Duebook-Template"] = notice.template
        message["X-Duebook-Step"] = str(notice.step)
        message["X-Duebook-Written-On"] = notice.written_on.isoformat()
        message.set_content(rendered.body, cte="base64")
        return message

    def _box(self, queued: Recorded[NoticeQueued]) -> Path:
        return self._folder / FOLDERS[queued.event.channel == LETTER]


def _file(queued: Recorded[NoticeQueued]) -> str:
    return f"{queued.stream_id}.duebook"


def _message_id(queued: Recorded[NoticeQueued]) -> str:
    return f"<{queued.stream_id}@{DOMAIN}>"


def _recipient(notice: NoticeQueued, debtor: Debtor) -> Address | Group:
    """Of a letter the name alone: RFC 5322 writes it as a group of nobody."""
    name = one_line(_SYNTAX.sub(" ", f"{debtor.name} {debtor.contact_person}"))
    usable = None if notice.channel == LETTER else usable_email(debtor.email)
    return Group(name, ()) if usable is None else Address(name, *usable)


def deliver(box: Path, name: str, content: bytes) -> None:
    """Puts the file into `new`, unless it is there or was read already (`cur`).

    Raises Unreachable when the box takes no file at all, so that every notice waits; what is raised
    otherwise concerns this file.
    """
    try:
        if not _is_there(box, name):
            _put(box, name, content)
    except OSError as problem:
        if not _takes_files(box, content):
            raise Unreachable(f"{box} takes no files") from problem
        raise


def _is_there(box: Path, name: str) -> bool:
    return (box / "new" / name).is_file() or any((box / "cur").glob(f"{name}*"))


def _put(box: Path, name: str, content: bytes) -> None:
    for folder in ("tmp", "new", "cur"):
        (box / folder).mkdir(parents=True, exist_ok=True)
    waiting = box / "tmp" / name
    with waiting.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    waiting.rename(box / "new" / name)
    _sync(box / "new")


def _takes_files(box: Path, content: bytes) -> bool:
    """Whether another file of the same size can be written. Readers of a Maildir pass over dots."""
    name = f".tried-{os.getpid()}"
    try:
        _put(box, name, content)
        (box / "new" / name).unlink()
    except OSError:
        return False
    return True


def _sync(folder: Path) -> None:
    """The new name survives a power failure, where a folder can be synced at all."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
