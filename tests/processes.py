"""schoolgate as a school runs it: gunicorn with several processes, and workers, on the database of the test.

Nothing here is a fake: the processes are started by their own commands, find the database through the environment and
are ended by signals. Tests of races and crashes use it.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from django.db import connection


def database_url() -> str:
    """The address of the database that the tests have open now, as SCHOOLGATE_DATABASE_URL takes it."""
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    return f"postgresql://{found['USER']}@{quote(found['HOST'], safe='')}/{found['NAME']}"


class Stack:
    """``web`` gunicorn processes behind one address, and ``workers`` worker processes. A context manager."""

    def __init__(self, *, web: int = 2, workers: int = 2, **environment: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="schoolgate-stack-"))
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "schoolgate.config.settings.test",
            "SCHOOLGATE_DATABASE_URL": database_url(),
            "SCHOOLGATE_BASE_URL": self.url,
            "SCHOOLGATE_WEB_PROCESSES": str(web),
            **environment,
        }
        self.wanted_workers = workers
        self.web: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        try:
            self.start_web()
            for _ in range(self.wanted_workers):
                self.start_worker()
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start_web(self) -> None:
        """Start the web processes on the address held since the beginning; also after they were killed."""
        descriptor = self.listener.fileno()
        self.web = self.start(
            "-m", "gunicorn", "--config", "python:schoolgate.config.gunicorn", "--bind", f"fd://{descriptor}",
            "--graceful-timeout", "5", descriptors=(descriptor,),
        )  # fmt: skip

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start one more worker."""
        self.workers.append(self.start("-m", "schoolgate.cli", "worker"))
        return self.workers[-1]

    def start(self, *arguments: str, descriptors: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
        """Start Python with the stack's environment, in a process group of its own; what it prints goes to ``log()``."""
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *arguments], env=self.environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, pass_fds=descriptors, start_new_session=True,
            )  # fmt: skip

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one ``schoolgate`` command to its end, in the same environment."""
        return subprocess.run(
            [sys.executable, "-m", "schoolgate.cli", *arguments],
            env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def log(self) -> str:
        """All that the processes have printed."""
        return (self.folder / "log").read_text(errors="replace")

    def wait_until_ready(self, *, seconds: float = 30) -> None:
        """Return as soon as the web answers; fails with the log when it doesn't."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for process in [self.web, *self.workers]:
                if process and process.poll() is not None:
                    raise RuntimeError(f"A process ended with {process.returncode}:\n{self.log()}")
            try:
                with urllib.request.urlopen(f"{self.url}/health/ready", timeout=5):
                    return
            except (urllib.error.URLError, TimeoutError):
                time.sleep(0.05)
        raise RuntimeError(f"Not ready after {seconds} seconds:\n{self.log()}")

    def stop(self) -> None:
        """End everything: politely, then by force."""
        processes = [process for process in [self.web, *self.workers] if process]
        for process in processes:
            if process.poll() is None:
                process.terminate()
        for process in processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)
