"""Arguments and options that several sub-commands have. Imports nothing that help does without."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from services.cli.bench.plan import KAFKA, ROWS, SIZE_MAX, SIZE_MIN
from services.cli.bench.seed_plan import ITEMS_MAX, ITEMS_MIN
from services.cli.client.addresses import AddressUnclear, roots_of
from services.cli.installed import RUNTIMES
from services.cli.simulation.generator import CUSTOMERS_MAX, MONTHS_MAX

_NAMES: Final = "|".join(RUNTIMES)
_APART: Final = ",".join(f"{name}=URL" for name in RUNTIMES)
DAY_FORMAT: Final = "%Y-%m-%d"
HOME_ZONE: Final = "Asia/Shanghai"  # In which a day begins when nobody says another.


def _known(name: str | None) -> str | None:
    if name is not None and name not in RUNTIMES:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(RUNTIMES)}")
    return name


def _row(name: str | None) -> str | None:
    if name is not None and name not in ROWS:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(ROWS)}")
    return name


def _checked(text: str) -> str:
    try:
        roots_of(text)
    except AddressUnclear as problem:
        raise typer.BadParameter(str(problem)) from None
    return text


NameArgument = Annotated[str, typer.Argument(callback=_known, metavar=_NAMES)]
NameOrAllArgument = Annotated[
    str | None,
    typer.Argument(callback=_known, metavar=_NAMES, help="All when none is named."),
]
PortOption = Annotated[int | None, typer.Option(help="Port to listen on.")]
HostOption = Annotated[str | None, typer.Option(help="Loopback address to listen on.")]
DataOption = Annotated[Path | None, typer.Option(help="Folder of the embedded server.")]
ClockOption = Annotated[str | None, typer.Option(help="Domain clock: system or manual.")]
StartOption = Annotated[
    str | None, typer.Option(help="Where a manual clock begins: 2026-01-01T00:00:00Z.")
]
UrlOption = Annotated[
    str,
    typer.Option(
        help=f"Where Duebook answers; services apart: {_APART}.",
        envvar="DUEBOOK_URL",
        callback=_checked,
    ),
]
BenchRowOption = Annotated[
    str | None, typer.Option(callback=_row, metavar="|".join(ROWS), help="One row alone.")
]
BenchSizeOption = Annotated[
    int | None,
    typer.Option(min=SIZE_MIN, max=SIZE_MAX, help="How many events, timers or lines, of one row."),
]
KafkaOption = Annotated[
    str | None,
    typer.Option(
        KAFKA, metavar="HOST:PORT", help="Brokers, to measure there too; topics bench.… stay."
    ),
]
WriteOption = Annotated[
    Path | None,
    typer.Option(dir_okay=False, metavar="FILE", help="Keep the table there, in Markdown."),
]
BooksOption = Annotated[
    int, typer.Option(min=ITEMS_MIN, max=ITEMS_MAX, help="Open items of the books.")
]
PatienceOption = Annotated[
    float, typer.Option(min=0, max=3600, help="Seconds to repeat what gets no answer.")
]
CustomersOption = Annotated[int, typer.Option(min=1, max=CUSTOMERS_MAX, help="How many.")]
MonthsOption = Annotated[int, typer.Option(min=1, max=MONTHS_MAX, help="How long.")]
SeedOption = Annotated[int, typer.Option(min=0, help="The same seed, the same book.")]
DayOption = Annotated[datetime | None, typer.Option(formats=[DAY_FORMAT], metavar="YYYY-MM-DD")]
TakeOverOption = Annotated[
    datetime | None,
    typer.Option(
        formats=[DAY_FORMAT],
        metavar="YYYY-MM-DD",
        help="What happened before it is history; else the map's, the first day, or today.",
    ),
]
