"""The embedded server's supervisor, on real PostgreSQL programs; refuses to mock any of them."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import asyncpg
import pytest

from shared.platform.database.embedded import binaries, folders, postmaster
from shared.platform.database.embedded.account import Account
from shared.platform.database.embedded.errors import (
    EmbeddedUnavailable,
    FolderInUse,
    FolderNotUsable,
    ForeignVersion,
    ServerFailed,
    SocketPathTooLong,
)
from shared.platform.database.embedded.server import EmbeddedServer
from tests.support.data_folders import data_folder

pytestmark = pytest.mark.connected

ROOT: Final = Path(__file__).resolve().parents[4]
CHILD_TIMEOUT_S: Final = 60
IDLE_S: Final = 3.0
IDLE_CPU_S_MAX: Final = 0.1
AS_ROOT: Final = os.geteuid() == 0
# A shell in the background starts its children deaf to Ctrl-C; this one has to hear it.
START_AND_WAIT: Final = """
import signal, sys, time
from pathlib import Path
from shared.platform.database.embedded.server import EmbeddedServer
from tests.support.data_folders import data_folder
signal.signal(signal.SIGINT, signal.default_int_handler)
server = EmbeddedServer.start(Path(sys.argv[1]))
try:
    print(server.url("postgres"), flush=True)
    time.sleep(600)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    time.sleep(600)
"""
START_AND_STOP: Final = """
from pathlib import Path
from shared.platform.database.embedded.folders import default_folder
from shared.platform.database.embedded.server import EmbeddedServer, temporary_folder
with temporary_folder() as folder:
    with EmbeddedServer.start(folder) as server:
        print(server.url("postgres"))
        print(default_folder())
print(folder.exists())
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with data_folder() as made:
        yield made


def ask(url: str, question: str) -> object:
    async def answer() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    return asyncio.run(answer())


@contextmanager
def supervisor(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that supervises the folder; killed at the end at the latest."""
    child = subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        yield child
    finally:
        kill(child)


def first_line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def kill(child: subprocess.Popen[str]) -> None:
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
    child.communicate(timeout=CHILD_TIMEOUT_S)


def live(folder: Path) -> postmaster.Postmaster:
    found = postmaster.running(folder / folders.DATA)
    assert found is not None
    return found


class TestStart:
    def test_serves_with_safe_settings_and_keeps_data_over_a_restart(self, folder: Path) -> None:
        with EmbeddedServer.start(folder) as server:
            assert not server.adopted
            assert ask(server.url("postgres"), "SHOW fsync") == "on"
            assert ask(server.url("postgres"), "SHOW timezone") == "UTC"
            assert ask(server.url("postgres"), "SHOW max_connections") == "200"
            assert ask(server.url("postgres"), "SHOW listen_addresses") == ""
            ask(server.url("postgres"), "CREATE TABLE kept AS SELECT 7 AS seven")
        with EmbeddedServer.start(folder) as server:
            assert not server.adopted
            assert ask(server.url("postgres"), "SELECT seven FROM kept") == 7

    def test_lets_only_the_server_into_its_folders(self, folder: Path) -> None:
        with EmbeddedServer.start(folder) as server:
            for closed in (folder / folders.DATA, server.socket_folder):
                facts = closed.stat()
                assert facts.st_mode & 0o777 == 0o700
                assert facts.st_uid == Account.for_data(folder / folders.DATA).uid != 0

    def test_costs_nearly_nothing_when_idle(self, folder: Path) -> None:
        with EmbeddedServer.start(folder):
            pid = live(folder).pid
            time.sleep(1)
            before_s = cpu_s(pid)
            time.sleep(IDLE_S)
            assert cpu_s(pid) - before_s <= IDLE_CPU_S_MAX

    def test_shows_the_end_of_the_log_when_it_fails(self, folder: Path) -> None:
        EmbeddedServer.start(folder).stop()
        with (folder / folders.DATA / "postgresql.auto.conf").open("a") as settings:
            settings.write("no_such_setting = 1\n")
        with pytest.raises(ServerFailed, match="no_such_setting"):
            EmbeddedServer.start(folder)


def cpu_s(server_pid: int) -> float:
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, _, rest = stat.read_text().partition(" ")
        except OSError:
            continue
        fields = rest.rpartition(")")[2].split()
        if int(pid) == server_pid or int(fields[1]) == server_pid:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class TestStop:
    def test_is_harmless_twice_and_leaves_no_socket(self, folder: Path) -> None:
        server = EmbeddedServer.start(folder)
        server.stop()
        server.stop()
        assert postmaster.running(folder / folders.DATA) is None
        assert not server.socket_folder.exists()

    def test_accepts_a_server_that_is_gone(self, folder: Path) -> None:
        server = EmbeddedServer.start(folder)
        os.kill(live(folder).pid, signal.SIGQUIT)
        server.stop()
        EmbeddedServer.start(folder).stop()


class TestAdopt:
    def test_takes_over_the_server_of_a_killed_supervisor(self, folder: Path) -> None:
        with supervisor(folder) as child:
            url = first_line(child)
            ask(url, "CREATE TABLE kept AS SELECT 7 AS seven")
            pid = live(folder).pid
        with EmbeddedServer.start(folder) as server:
            assert server.adopted
            assert live(folder).pid == pid
            assert server.url("postgres") == url
            assert ask(server.url("postgres"), "SELECT seven FROM kept") == 7
        assert postmaster.running(folder / folders.DATA) is None

    @pytest.mark.parametrize("killed_after_s", [0.2, 0.4, 0.6, 0.8])
    def test_starts_after_a_start_that_was_killed(
        self, folder: Path, killed_after_s: float
    ) -> None:
        with supervisor(folder):
            time.sleep(killed_after_s)
        with EmbeddedServer.start(folder) as server:
            assert ask(server.url("postgres"), "SELECT 1") == 1

    def test_restarts_a_server_whose_socket_was_swept_away(self, folder: Path) -> None:
        with supervisor(folder) as child:
            first_line(child)
        pid = live(folder).pid
        found = live(folder).socket_folder
        assert found is not None
        shutil.rmtree(found)
        with EmbeddedServer.start(folder) as server:
            assert not server.adopted
            assert live(folder).pid != pid
            assert ask(server.url("postgres"), "SELECT 1") == 1

    def test_recovers_after_a_crash_of_the_server(self, folder: Path) -> None:
        server = EmbeddedServer.start(folder)
        ask(server.url("postgres"), "CREATE TABLE kept AS SELECT 7 AS seven")
        os.kill(live(folder).pid, signal.SIGQUIT)
        server.stop()
        with EmbeddedServer.start(folder) as again:
            assert ask(again.url("postgres"), "SELECT seven FROM kept") == 7

    def test_ignores_a_pid_file_whose_process_is_somebody_else(self, folder: Path) -> None:
        EmbeddedServer.start(folder).stop()
        account = Account.for_data(folder / folders.DATA)
        stranger = subprocess.Popen(
            ["/bin/sleep", "600"], user=account.uid if account.switches else None
        )
        try:
            stale = folder / folders.DATA / postmaster.PID_FILE
            lines = [str(stranger.pid), str(folder / folders.DATA), "1", "5432", "/gone", "", "0 0"]
            stale.write_text("\n".join([*lines, "ready"]) + "\n")
            account.take(stale, 0o600)
            with EmbeddedServer.start(folder) as server:
                assert not server.adopted
                assert ask(server.url("postgres"), "SELECT 1") == 1
        finally:
            stranger.kill()
            stranger.wait()


class TestSupervision:
    def test_refuses_a_second_supervisor_and_names_the_folder(self, folder: Path) -> None:
        with supervisor(folder) as child:
            url = first_line(child)
            with pytest.raises(FolderInUse, match=str(folder)) as refused:
                EmbeddedServer.start(folder)
            assert refused.value.holder_pid == child.pid
            assert ask(url, "SELECT 1") == 1

    def test_keeps_ctrl_c_from_the_server(self, folder: Path) -> None:
        with supervisor(folder) as child:
            url = first_line(child)
            os.killpg(child.pid, signal.SIGINT)
            assert first_line(child) == "interrupted"
            assert ask(url, "SELECT 1") == 1

    def test_leaves_the_server_alone_in_a_forked_child(self, folder: Path) -> None:
        with EmbeddedServer.start(folder) as server:
            server._supervisor_pid = os.getppid()
            server.stop()
            assert ask(server.url("postgres"), "SELECT 1") == 1
            server._supervisor_pid = os.getpid()


class TestRefusals:
    def test_refuses_data_of_another_major_version(self, folder: Path) -> None:
        EmbeddedServer.start(folder).stop()
        (folder / folders.DATA / "PG_VERSION").write_text("14\n")
        with pytest.raises(ForeignVersion, match="pg_dump") as refused:
            EmbeddedServer.start(folder)
        assert refused.value.found == "14"

    def test_refuses_a_folder_with_something_else_in_it(self, folder: Path) -> None:
        (folder / "letters.txt").write_text("not ours")
        with pytest.raises(FolderNotUsable, match="letters"):
            EmbeddedServer.start(folder)

    @pytest.mark.skipif(not AS_ROOT, reason="only root's server runs as another account")
    def test_refuses_a_folder_the_server_cannot_reach(self, folder: Path) -> None:
        (folder / "closed").mkdir(mode=0o700)
        with pytest.raises(FolderNotUsable, match="cannot enter"):
            EmbeddedServer.start(folder / "closed" / "new" / "data")
        assert not (folder / "closed" / "new").exists()

    def test_refuses_a_socket_path_that_is_too_long(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        long = folder / ("x" * folders.SOCKET_PATH_BYTES_MAX)
        monkeypatch.setattr(folders, "temporary_parents", lambda: (long,))
        with pytest.raises(SocketPathTooLong) as refused:
            EmbeddedServer.start(folder)
        assert refused.value.length > refused.value.limit

    def test_takes_a_shorter_folder_when_the_temporary_one_is_too_long(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        long = folder / ("x" * folders.SOCKET_PATH_BYTES_MAX)
        known = folders.temporary_parents()
        monkeypatch.setattr(folders, "temporary_parents", lambda: (long, *known))
        with EmbeddedServer.start(folder) as server:
            assert ask(server.url("postgres"), "SELECT 1") == 1

    def test_names_the_way_out_without_programs(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(binaries, "wheel_folder", lambda: None)
        monkeypatch.setenv("PATH", "")
        with pytest.raises(EmbeddedUnavailable, match="DUEBOOK_DATABASE_URL"):
            EmbeddedServer.start(folder)

    def test_never_runs_the_code_of_the_wheel(self) -> None:
        binaries.wheel_folder()
        assert binaries.WHEEL_PACKAGE not in sys.modules

    @pytest.mark.skipif(shutil.which("pg_ctl") is None, reason="no PostgreSQL on PATH")
    def test_falls_back_to_the_programs_on_path(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(binaries, "wheel_folder", lambda: None)
        with EmbeddedServer.start(folder) as server:
            assert ask(server.url("postgres"), "SHOW fsync") == "on"


class TestDefaultFolder:
    def test_is_what_the_operator_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DUEBOOK_DATA", "/somewhere/else")
        assert folders.default_folder() == Path("/somewhere/else")


def python_for(uid: int) -> str:
    """An interpreter this user may run: ours may lie in root's home. Skips where there is none."""
    wanted = "import sys; sys.exit(sys.version_info < (3, 11))"
    for python in (sys.executable, shutil.which("python3", path=os.defpath)):
        try:
            if python and subprocess.run([python, "-c", wanted], user=uid, cwd="/").returncode == 0:
                return python
        except PermissionError:
            continue
    pytest.skip("a plain user can run no Python 3.11 here")


@pytest.mark.skipif(not AS_ROOT, reason="a plain user runs all the other tests as one")
class TestPlainUser:
    def test_needs_no_home_no_path_and_nothing_of_roots(self) -> None:
        wheel = binaries.wheel_folder()
        if wheel is None:
            pytest.skip("the wheel is not installed")
        nobody = pwd.getpwnam("nobody")
        with tempfile.TemporaryDirectory(prefix="duebook-code-") as made:
            code = Path(made)
            # The repository and the virtual environment may lie where nobody can read.
            shutil.copytree(ROOT / "shared", code / "shared")
            for part in (wheel, wheel.parent / f"{wheel.name}.libs"):
                if part.is_dir():
                    shutil.copytree(part, code / part.name, ignore=shutil.ignore_patterns("*.a"))
            for path in (code, *code.rglob("*")):
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
            done = subprocess.run(
                [python_for(nobody.pw_uid), "-c", START_AND_STOP],
                env={"PYTHONPATH": str(code), "PYTHONDONTWRITEBYTECODE": "1"},
                user=nobody.pw_uid,
                group=nobody.pw_gid,
                extra_groups=[],
                cwd="/",
                capture_output=True,
                encoding="utf-8",
                timeout=CHILD_TIMEOUT_S,
                check=False,
            )
        assert done.returncode == 0, done.stderr
        url, default, exists_after = done.stdout.split()
        assert url.startswith("postgresql://duebook@/postgres?host=/")
        assert default == f"{tempfile.gettempdir()}/duebook-{nobody.pw_uid}"
        assert exists_after == "False"


class TestSocketPath:
    def test_fits_the_system(self, folder: Path) -> None:
        with EmbeddedServer.start(folder) as server:
            path = server.socket_folder / folders.SOCKET_FILE
            assert len(os.fsencode(path)) <= folders.SOCKET_PATH_BYTES_MAX
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(path))
