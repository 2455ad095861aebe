"""What every test stands on: which database, closed sockets, a real browser, real processes.

``pytest`` runs on SQLite, ``pytest --database=postgresql`` (or SCHOOLGATE_TEST_DATABASE=postgresql) on a PostgreSQL
server that is started here and gone afterwards. Both databases can be opened by other processes.
"""

import gc
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import dj_database_url
import pytest
from django.conf import settings
from django.db import connections
from django.db.backends.postgresql.operations import DatabaseOperations

from tests.postgres import ScratchPostgres
from tests.processes import Stack

# Playwright keeps an event loop running in the tests' own thread, and Django takes that for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

ENDS = pytest.StashKey[list[Callable[[], object]]]()
SERVER = pytest.StashKey[ScratchPostgres]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """--database=sqlite|postgresql, and --pg for short."""
    chosen = os.environ.get("SCHOOLGATE_TEST_DATABASE", "sqlite")
    parser.addoption("--database", choices=["sqlite", "postgresql"], default=chosen, help="what the tests run on")
    parser.addoption("--pg", action="store_const", const="postgresql", dest="database", help="--database=postgresql")


def pytest_configure(config: pytest.Config) -> None:
    """Point Django at the database of this run, before any test module is read."""
    ends = config.stash[ENDS] = []
    folder = Path(tempfile.mkdtemp(prefix="schoolgate-tests-"))
    ends.append(lambda: shutil.rmtree(folder, ignore_errors=True))
    if config.getoption("database") == "postgresql":
        server = config.stash[SERVER] = ScratchPostgres()
        server.__enter__()
        ends.append(lambda: server.__exit__(None, None, None))
        chosen: dict[str, Any] = dict(dj_database_url.parse(server.url("schoolgate")))
        DatabaseOperations.sql_flush = empty_tables  # type: ignore[method-assign, assignment]
    else:
        # A file, not memory: the workers and web processes of some tests open it too.
        chosen = dict(settings.DATABASES["default"])
        chosen |= {"NAME": str(folder / "unused.sqlite3"), "TEST": {"NAME": str(folder / "test.sqlite3")}}
        chosen["OPTIONS"] = chosen.get("OPTIONS", {}) | {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
        }
    settings.DATABASES["default"] = chosen
    # Whatever was read from the settings before now is read again.
    connections.__dict__.pop("settings", None)
    connections.settings = connections.configure_settings(None)
    if hasattr(connections._connections, "default"):  # type: ignore[attr-defined]  # the stubs leave it out
        del connections["default"]


def empty_tables(
    operations: DatabaseOperations,
    style: object,
    tables: Sequence[str],
    *,
    reset_sequences: bool = False,
    allow_cascade: bool = False,
) -> list[str]:
    """Between tests: DELETE instead of TRUNCATE, which makes a new file for each of a hundred tables that hold ten rows."""
    emptied = [f"DELETE FROM {operations.quote_name(table)}" for table in tables]
    # As a replica the server looks at no foreign key and fires no trigger, so that any order will do.
    return ["SET session_replication_role = replica", *emptied, "SET session_replication_role = DEFAULT"]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started, last first."""
    connections.close_all()
    ends = config.stash.get(ENDS, None) or []
    while ends:
        ends.pop()()


def pytest_report_header(config: pytest.Config) -> str:
    """Say which database this run stands on."""
    return f"database: {config.getoption('database')}"


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> ScratchPostgres | None:
    """The server of this run, for tests that want a database of their own; None on SQLite."""
    return pytestconfig.stash.get(SERVER, None)


@pytest.fixture(scope="session", autouse=True)
def closed_sockets() -> Iterator[None]:
    """Nothing that is tested may talk beyond this machine: e-mail addresses in sample rosters are other people's."""
    really_connect = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:  # Any: as the socket's family has it
        if self.family != socket.AF_UNIX and str(address[0]) not in {"127.0.0.1", "::1", "localhost"}:
            self.close()
            raise AssertionError(f"A test tried to reach {address!r}.")
        really_connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        yield


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium instead of a downloaded one; without its sandbox only as root, where it can't have one."""
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.fail("Chromium is missing: install it, on Debian by `apt-get install chromium`.")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": chromium, "args": sandbox}


def pytest_collection_finish() -> None:
    """What was imported stays: the collector of garbage need not look at it again after every few hundred objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for a browser, or for a page in one, is marked so that it can be left out."""
    for item in items:
        if "browser" in cast("pytest.Function", item).fixturenames:
            item.add_marker("browser")


@pytest.fixture
def live_stack(transactional_db: None) -> Iterator[Stack]:
    """Two web processes and two workers on the database of this test; ``live_stack.url`` is their address."""
    with Stack(web=2, workers=2) as stack:
        yield stack
