"""A PostgreSQL of our own: made in a temporary folder, reached by a Unix socket only, gone afterwards.

Used by the tests and by ``bench/``. Debian keeps the server's binaries away from ``PATH``
(``/usr/lib/postgresql/15/bin``), and the server refuses to run as root; both are handled here.
"""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import sql

# What a crash could lose doesn't matter to a throw-away database, and the tests are far faster for it.
UNSAFE_BUT_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresMissing(RuntimeError):
    """The server's binaries are not installed."""


def server_binaries() -> Path:
    """The folder with ``initdb`` and ``pg_ctl``, the newest version first."""
    found = shutil.which("pg_ctl")
    if found:
        return Path(found).resolve().parent
    folders = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if (folder / "pg_ctl").exists()]
    if not folders:
        raise PostgresMissing("PostgreSQL's server is missing: install it, on Debian by `apt-get install postgresql`.")
    return max(folders, key=lambda folder: int(re.sub(r"\D", "", folder.parent.name) or 0))


class ScratchPostgres:
    """A server for one run. ``durable`` keeps fsync on: for measurements and for tests that kill the server.

    A context manager; ``url()`` gives the address of a database.
    """

    def __init__(self, *, durable: bool = False, **settings: str) -> None:
        self.settings = ({} if durable else UNSAFE_BUT_FAST) | settings
        self.binaries = server_binaries()
        # A short path: a socket's name may have 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="sg-pg-", dir="/tmp"))
        self.owner = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name

    def __enter__(self) -> Self:
        try:
            self._make()
            self.start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._remove()

    def url(self, database: str = "postgres") -> str:
        """The address of a database on this server, as SCHOOLGATE_DATABASE_URL takes it."""
        return f"postgresql://postgres@{quote(str(self.folder), safe='')}/{database}"

    def start(self) -> None:
        """Start the server and wait until it answers; also after ``kill``."""
        options = " ".join(f"-c {name}={value}" for name, value in self.settings.items())
        self._run(
            "pg_ctl", "start", "-w", "-D", self._data, "-l", str(self.folder / "log"),
            "-o", f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c max_connections=200 {options}",
        )  # fmt: skip

    def stop(self, *, mode: str = "fast") -> None:
        """Stop the server. ``immediate`` is a crash: nothing is written down first."""
        self._run("pg_ctl", "stop", "-w", "-D", self._data, "-m", mode)

    def create(self, database: str, *, template: str = "template1") -> str:
        """Make a database and give its address; a template makes it a copy, which takes milliseconds."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(database), sql.Identifier(template))
            )
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database, whoever is connected to it."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _make(self) -> None:
        if os.geteuid() == 0:
            shutil.chown(self.folder, self.owner, self.owner)
        # Locale and time zone are fixed, so that sorting doesn't depend on the machine.
        self._run("initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.binaries / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", self.owner, "--", *command]
        # Output goes to a file: the server inherits it, and a pipe would stay open as long as it lives.
        with (self.folder / "commands").open("a+") as output:
            ended = subprocess.run(
                command, cwd="/", stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
            )
            if ended.returncode:
                output.seek(0)
                log = self.folder / "log"
                raise RuntimeError(f"{program} failed:\n{output.read()}\n{log.read_text() if log.exists() else ''}")

    def _remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
