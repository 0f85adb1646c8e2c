"""Notices as files of a Maildir, for whoever sends or prints them. Written once, whole or not."""

from __future__ import annotations

import asyncio
import os
from email.headerregistry import Address, Group
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Final

from services.dunning.notices.adapters.rendering import Renderer
from services.dunning.notices.domain.notice.events import NoticeQueued
from services.dunning.notices.handlers.ports import Debtor
from services.dunning.strategies.domain.dunning_plan import LETTER
from shared.kernel.envelope import Recorded

FOLDERS: Final = {False: "emails", True: "letters"}
DOMAIN: Final = "duebook.invalid"  # Of message ids: a name nobody can own.


class Maildir:
    """Two Maildirs below one folder: `emails` and `letters`."""

    def __init__(self, folder: Path, renderer: Renderer, sender: str) -> None:
        self._folder = folder
        self._renderer = renderer
        self._sender = sender

    async def hand_over(self, queued: Recorded[NoticeQueued], debtor: Debtor) -> str:
        message = self.message(queued, debtor)
        box = self._folder / FOLDERS[queued.event.channel == LETTER]
        content = message.as_bytes(policy=SMTP)
        await asyncio.to_thread(deliver, box, f"{queued.stream_id}.duebook", content)
        return str(message["Message-ID"])

    def message(self, queued: Recorded[NoticeQueued], debtor: Debtor) -> EmailMessage:
        notice = queued.event
        rendered = self._renderer.render(notice, debtor)
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = _recipient(debtor)
        message["Subject"] = rendered.subject
        message["Date"] = format_datetime(queued.recorded_at)
        message["Message-ID"] = f"<{queued.stream_id}@{DOMAIN}>"
        message["Content-Language"] = debtor.language
        message["X-Duebook-Account"] = notice.account_number
        message["X-Duebook-Channel"] = notice.channel
        message["X-Duebook-Template"] = notice.template
        message["X-Duebook-Step"] = str(notice.step)
        message["X-Duebook-Written-On"] = notice.written_on.isoformat()
        message.set_content(rendered.body, cte="base64")
        return message


def _recipient(debtor: Debtor) -> Address | Group:
    """Without an address the name alone: RFC 5322 writes it as a group of nobody."""
    name = " ".join(part for part in (debtor.name, debtor.contact_person) if part)
    local, _, domain = debtor.email.rpartition("@")
    if local and domain and debtor.email.isascii() and debtor.email.isprintable():
        return Address(_line(name), local, domain)
    return Group(_line(name), ())


def _line(text: str) -> str:
    """One line without control characters: a header must not end early."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def deliver(box: Path, name: str, content: bytes) -> None:
    """Puts the file into `new`, unless it is there or was read already (`cur`)."""
    for folder in ("tmp", "new", "cur"):
        (box / folder).mkdir(parents=True, exist_ok=True)
    target = box / "new" / name
    if target.exists() or any((box / "cur").glob(f"{name}*")):
        return
    waiting = box / "tmp" / name
    with waiting.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    waiting.rename(target)
    _sync(box / "new")


def _sync(folder: Path) -> None:
    """The new name survives a power failure, where a folder can be synced at all."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
