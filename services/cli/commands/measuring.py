"""`duebook bench`: measures this machine on a server that it starts for it."""

from __future__ import annotations

from services.cli.bench.bench import end_with_parent, measure, say_address, show
from services.cli.bench.bench_echo import with_echo
from services.cli.bench.plan import Plan
from services.cli.commands.program import THIS_PROGRAM
from services.cli.commands.running import end_cleanly, run_services
from services.cli.commands.settings import settings_with
from services.cli.commands.terminal import console
from services.cli.installed import RUNTIMES
from services.cli.reporting.report import console_for_reports
from services.ledger.cash.api.issuing import IssueInvoice
from shared.platform.database.embedded.server import temporary_folder
from shared.platform.hosting import serving
from shared.platform.hosting.runtime import Role
from shared.platform.hosting.settings import PlatformSettings


def bench(plan: Plan) -> None:
    """Measures as planned, and shows the table."""
    with console.status("bench") as status:
        measured = serving.run(measure([*THIS_PROGRAM, "bench-server"], plan, status.update))
    show(measured, plan, console_for_reports())


def bench_server(*, works: bool) -> None:
    """Serves what `bench` measures: the ledger in a fresh folder, and an echo."""
    end_cleanly()
    end_with_parent()
    role = Role(works=works, makes_topics=True)
    with temporary_folder() as folder:
        run_services(
            settings_with(data=folder), lambda placed: _serve_bench(placed, role), ["ledger"]
        )


async def _serve_bench(settings: PlatformSettings, role: Role) -> None:
    host = RUNTIMES["ledger"].host(settings, role=role)
    app = with_echo(serving.joined({"ledger": host}), IssueInvoice)
    await serving.serve(app, [host], host=settings.host, port=0, ready=say_address)
