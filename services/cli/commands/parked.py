"""`duebook parked`: shows the streams that workers pass over, and has them taken up again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import typer

from services.cli.client.duebook import Duebook
from services.cli.client.parked import ParkedStream, parked_streams, retry
from services.cli.commands.terminal import console


def list_parked(url: str) -> None:
    """Names each with its worker, the place on the log where it begins, and the reason."""
    found = asyncio.run(_asked(url, parked_streams))
    for one in found:
        typer.echo(_line(one))
    if not found:
        console.print("nothing is parked")


def retry_parked(stream: UUID | None, url: str) -> None:
    """Asks for another try. Raises typer.Exit if the stream named is not parked."""
    found = asyncio.run(_asked(url, lambda duebook: retry(duebook, stream)))
    for one in found:
        typer.echo(_line(one))
    if stream is not None and not found:
        console.print(f"{stream} is not parked", highlight=False)
        raise typer.Exit(1)


async def _asked(
    url: str, ask: Callable[[Duebook], Awaitable[Sequence[ParkedStream]]]
) -> Sequence[ParkedStream]:
    async with Duebook(url) as duebook:
        return await ask(duebook)


def _line(one: ParkedStream) -> str:
    return (
        f"{one.service} {one.worker} {one.place}: stream {one.stream_id} since {one.parked_at}:"
        f" {one.error}"
    )
