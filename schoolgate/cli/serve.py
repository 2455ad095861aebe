"""schoolgate serve: several web processes and a worker, kept alive together and ended together."""

import argparse
import logging
import os
import socket
import subprocess
import sys
import time

from django.conf import settings
from django.core.management import call_command

from schoolgate.cli.outcome import Outcome
from schoolgate.jobs import stopping
from schoolgate.lib.errors import SchoolgateError

RESTART_AFTER_SECONDS = 1.0
PATIENCE_SECONDS = 30.0  # For requests and a chunk of a job in hand.

logger = logging.getLogger(__name__)


class PortTaken(SchoolgateError):
    code = "serve.port_taken"


class WebEnded(SchoolgateError):
    code = "serve.web_ended"
    message = "The web processes ended by themselves; the log above says why."
    fix = "Run: schoolgate doctor"


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    serve = commands.add_parser("serve", help="start the portal: web processes and a worker")
    serve.add_argument("--port", type=port, default=8000, metavar="P", help="8000 if left out; 0: any that is free")
    serve.add_argument("--host", default="127.0.0.1", metavar="H", help="which address of this machine is listened at")
    serve.add_argument("--workers", type=int, default=1, metavar="N", help="worker processes started beside the web")
    serve.add_argument(
        "--no-worker", action="store_const", const=0, dest="workers", help="workers run elsewhere: `schoolgate worker`"
    )
    serve.set_defaults(run=_serve)


def port(word: str) -> int:
    """A number that a port can have; argparse tells a ValueError as a fault of the command line."""
    number = int(word)
    if not 0 <= number < 2**16:
        raise ValueError
    return number


def _serve(arguments: argparse.Namespace) -> Outcome:
    with listen(arguments.host, arguments.port) as listener:
        print(f"schoolgate is at {address_of(listener)} (Ctrl+C ends it).", file=sys.stderr, flush=True)
        serve(listener, workers=arguments.workers)
    return Outcome({"stopped": True}, "Stopped.")


def serve(listener: socket.socket, *, workers: int) -> None:
    """Serve until a signal asks for an end, and return when everything has ended. Raises WebEnded."""
    stopping.stop_at_signals()
    collect_static_files()
    _keep_running(listener, workers)


def listen(host: str, port: int) -> socket.socket:
    """Open the port here, so that a port in use is told at once and in a sentence: raises PortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as fault:
        raise PortTaken(
            f"Can't listen at {host}, port {port}: {fault.strerror}.",
            fix="Choose another port: --port 8001 (make demo PORT=8001)",
        ) from fault


def address_of(listener: socket.socket) -> str:
    """The base address; where that is only this machine's own, with the port that is really listened at."""
    host, port = listener.getsockname()[:2]
    if settings.BASE_URL_GIVEN:
        return str(settings.BASE_URL)
    return f"http://{'localhost' if host in {'127.0.0.1', '0.0.0.0', '::1', '::'} else host}:{port}"  # noqa: S104


def collect_static_files() -> None:
    """Put style sheets and scripts, hashed and compressed, where they are served from; quick when nothing has changed."""
    call_command("collectstatic", interactive=False, verbosity=0)


def _keep_running(listener: socket.socket, workers: int) -> None:
    # environment: links in mails and letters then name the port that is really listened at
    os.environ["SCHOOLGATE_BASE_URL"] = address_of(listener)
    web = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gunicorn",
            "--config",
            "python:schoolgate.config.gunicorn",
            "--bind",
            f"fd://{listener.fileno()}",
        ],
        pass_fds=[listener.fileno()],
        start_new_session=True,  # Ctrl+C reaches this process alone, which ends the others in order.
    )
    hands = [_start_worker() for _ in range(workers)]
    try:
        while not stopping.asked.wait(RESTART_AFTER_SECONDS):
            if web.poll() is not None:
                raise WebEnded
            for index, hand in enumerate(hands):
                if hand.poll() is not None:
                    logger.error("serve.worker_ended", extra={"code": hand.returncode})
                    hands[index] = _start_worker()
    finally:
        _end([web, *hands])


def _start_worker() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "schoolgate.cli", "worker"], stdout=subprocess.DEVNULL, start_new_session=True
    )


def _end(processes: "list[subprocess.Popen[bytes]]") -> None:
    """Ask all at once, wait for all, and use force only on what doesn't hear."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + PATIENCE_SECONDS
    for process in processes:
        try:
            process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
