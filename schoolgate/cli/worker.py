"""schoolgate worker [--once]: does what web pages and commands have asked for, and hands over the mails that are due."""

import argparse
import logging
import os
import socket
import subprocess
import sys
from collections import Counter
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.utils import timezone
from django_tasks_db.management.commands.db_worker import Worker

from schoolgate.cli.outcome import Outcome
from schoolgate.jobs import stopping
from schoolgate.jobs.run import due_jobs
from schoolgate.jobs.sweeps import run_sweeps

IDLE_SECONDS = 1.0
MAIL_COUNTS = ["sent", "failed", "unknown"]

logger = logging.getLogger(__name__)


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    worker = commands.add_parser("worker", help="do what is queued: jobs and mails")
    worker.add_argument("--once", action="store_true", help="do what is due now, then end")
    worker.set_defaults(run=_work)


def _work(arguments: argparse.Namespace) -> Outcome:
    stopping.stop_at_signals()
    counts = _once() if arguments.once else _until_stopped()
    content = {name: counts[name] for name in MAIL_COUNTS}
    return Outcome(content, f"Mails: {content['sent']} sent, {content['failed']} failed, {content['unknown']} unknown.")


def _once() -> Counter[str]:
    """Do all that is due, and what that makes due in turn."""
    counts: Counter[str] = Counter()
    for _ in range(100):  # What makes itself due again and again must not hold a terminal for ever.
        _drain_queue()
        counts.update(run_sweeps(at=timezone.now(), last={}))
        if stopping.asked.is_set() or not due_jobs(at=timezone.now()):
            break
    return counts


def _until_stopped() -> Counter[str]:
    counts: Counter[str] = Counter()
    last: dict[str, datetime] = {}
    celery = _celery_worker() if _runs_on_celery() else None
    logger.info("worker.started")
    try:
        while not stopping.asked.is_set():
            close_old_connections()
            try:
                _drain_queue()
                counts.update(run_sweeps(at=timezone.now(), last=last))
            except DatabaseError:
                # The database is away, or starts anew: nothing is lost by waiting, all state is in its rows.
                logger.exception("worker.database_away")
            if celery is not None and celery.poll() is not None:
                logger.error("worker.celery_ended", extra={"code": celery.returncode})
                break
            stopping.asked.wait(IDLE_SECONDS)
    finally:
        if celery is not None and celery.poll() is None:
            celery.terminate()
            celery.wait()
    logger.info("worker.stopped")
    return counts


def _drain_queue() -> None:
    """Run the tasks that are queued in the database, until there are none."""
    if _runs_on_celery():
        return
    queue = Worker(
        queue_names=["default"],
        excluded_queue_names=[],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=f"{socket.gethostname()[:40]}-{os.getpid()}",
    )
    queue.running = not stopping.asked.is_set()
    queue.run()


def _runs_on_celery() -> bool:
    return "celery" in str(settings.TASKS["default"]["BACKEND"])


def _celery_worker() -> "subprocess.Popen[bytes]":
    """Celery brings the tasks itself; this process goes on with the sweeps."""
    return subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "schoolgate.jobs.celery", "worker", "--loglevel=WARNING"]
    )
