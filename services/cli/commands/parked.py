"""`duebook parked`: shows the streams that workers pass over, and has them taken up again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from services.cli.client.addresses import HOME_URL, UrlOption
from services.cli.client.duebook import Duebook
from services.cli.client.parked import ParkedStream, parked_streams, retry

console = Console(stderr=True)
parked_app = typer.Typer(
    help="Streams that are passed over because of an event a worker cannot take.",
    no_args_is_help=True,
)


@parked_app.command("list")
def list_parked(url: UrlOption = HOME_URL) -> None:
    """Name each with its worker, the place on the log where it begins, and the reason."""
    for one in asyncio.run(_asked(url, parked_streams)):
        typer.echo(_line(one))


@parked_app.command("retry")
def retry_parked(
    stream: Annotated[UUID | None, typer.Argument(help="All when none is named.")] = None,
    url: UrlOption = HOME_URL,
) -> None:
    """Ask for another try; what fails again stays in the list, with its reason."""
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
