"""schoolgate doctor: looks at the installation, and says how to mend what is wrong."""

import argparse
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.utils import timezone
from rich.console import Console
from rich.text import Text

from schoolgate.cli.outcome import DONE, REFUSED, Outcome
from schoolgate.cli.schema import SchemaBehind, missing_migrations
from schoolgate.jobs.models import Job, JobState
from schoolgate.lib.errors import SchoolgateError

GOOD, LOOK, BAD = "good", "look", "bad"
ROOM_NEEDED = 1024**3  # bytes: a district's letters, and a copy of its database
FONT_FOLDERS = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts")]
FONTS_NEEDED = {"NotoSans-Regular.ttf": "fonts-noto-core", "NotoSansCJK-Regular.ttc": "fonts-noto-cjk"}


@dataclass(frozen=True)
class Finding:
    """state: good, look (works, but see to it) or bad. fix: what to set or run; empty when good."""

    name: str
    state: str
    says: str
    fix: str = ""


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    doctor = commands.add_parser("doctor", help="look at the installation, and say how to mend it")
    doctor.set_defaults(run=_examine, needs_schema=False)


def _examine(arguments: argparse.Namespace) -> Outcome:
    findings = examine()
    is_well = not any(finding.state == BAD for finding in findings)
    content: dict[str, Any] = {
        "ok": is_well,
        "checks": [
            {"name": finding.name, "state": finding.state, "says": finding.says, "fix": finding.fix}
            for finding in findings
        ],
    }
    return Outcome(content, lambda console: _print(findings, console), DONE if is_well else REFUSED)


def examine() -> list[Finding]:
    """Look at everything, one thing after the other; what can't be looked at says so."""
    return [finding for look in LOOKS for finding in look()]


def _print(findings: list[Finding], console: Console) -> None:
    marks = {GOOD: ("✓", "green"), LOOK: ("!", "yellow"), BAD: ("✗", "red")}
    for finding in findings:
        mark, colour = marks[finding.state]
        console.print(Text.assemble((mark, colour), f" {finding.name}: {finding.says}"), soft_wrap=True)
        if finding.fix:
            console.print(Text(f"    {finding.fix}"), soft_wrap=True)
    bad = sum(finding.state == BAD for finding in findings)
    console.print("All is well." if not bad else f"{bad} to mend.")


def _python() -> Iterator[Finding]:
    yield Finding("python", GOOD, sys.version.split()[0])


def _secrets() -> Iterator[Finding]:
    fault = getattr(settings, "SECRETS_FAULT", None)
    if fault is not None:
        yield Finding("secrets", BAD, fault.message, fault.fix)
    elif not settings.ACCESS_KEY_PEPPERS:
        yield Finding("secrets", LOOK, f"not made yet; the first start writes {settings.SECRETS_FILE}")
    else:
        numbers = ", ".join(map(str, sorted(settings.ACCESS_KEY_PEPPERS)))
        yield Finding("secrets", GOOD, f"in force under the numbers {numbers}")


def _data_dir() -> Iterator[Finding]:
    folder = settings.DATA_DIR
    there = next(parent for parent in [folder, *folder.parents] if parent.exists())
    free = shutil.disk_usage(there).free
    if folder.exists() and folder.stat().st_mode & 0o007:
        yield Finding("data folder", LOOK, f"{folder} can be read by everybody here", f"Run: chmod 700 {folder}")
    if free < ROOM_NEEDED:
        yield Finding("data folder", BAD, f"{free // 1024**2} MB are free at {folder}", "Make room: 1 GB is wanted.")
    else:
        yield Finding("data folder", GOOD, f"{folder}, {free // 1024**3} GB free")


def _database() -> Iterator[Finding]:
    kind = connection.vendor
    fix = "See that it runs, and that SCHOOLGATE_DATABASE_URL is right."
    if kind == "sqlite" and not Path(settings.DATABASES["default"]["NAME"]).exists():
        yield Finding("database", LOOK, "not made yet; the first start makes it")
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT sqlite_version()" if kind == "sqlite" else "SHOW server_version")
            version = cursor.fetchone()[0]
    except DatabaseError as fault:
        yield Finding("database", BAD, f"it doesn't answer ({type(fault).__name__})", fix)
        return
    yield Finding("database", GOOD, f"{'SQLite' if kind == 'sqlite' else 'PostgreSQL'} {version.split()[0]}")
    try:
        missing = missing_migrations()
    except SchoolgateError as fault:
        yield Finding("schema", BAD, fault.message, fault.fix)
        return
    if not missing:
        yield Finding("schema", GOOD, "this version's")
        yield from _workers()
    elif kind == "sqlite":
        yield Finding("schema", LOOK, f"{len(missing)} steps behind; the next start brings it up")
    else:
        yield Finding("schema", BAD, f"{len(missing)} steps behind", SchemaBehind.fix)


def _workers() -> Iterator[Finding]:
    long_ago = timezone.now() - timedelta(minutes=2)
    # every tenant: one set of workers serves them all
    waiting = Job.objects.filter(state=JobState.PLANNED, created_at__lt=long_ago).count()
    if waiting:
        yield Finding("workers", BAD, f"{waiting} jobs have waited for more than 2 minutes", "Run: schoolgate worker")
    else:
        yield Finding("workers", GOOD, "no job waits")


def _sqlite_for_many() -> Iterator[Finding]:
    if connection.vendor == "sqlite" and settings.BASE_URL.startswith("https://"):
        yield Finding(
            "size",
            LOOK,
            f"SQLite {sqlite3.sqlite_version} is for trying and for one small school",
            "For more, set SCHOOLGATE_DATABASE_URL to a PostgreSQL: docs/how-to/run-it-for-real.md",
        )


def _address() -> Iterator[Finding]:
    url = settings.BASE_URL
    if not settings.BASE_URL_GIVEN:
        fix = "Set SCHOOLGATE_BASE_URL to the address that families reach."
        yield Finding("address", LOOK, f"letters and mails would name {url}", fix)
    elif not settings.IS_HTTPS:
        yield Finding("address", LOOK, f"{url} is not encrypted on its way", "Put a reverse proxy with TLS in front.")
    else:
        yield Finding("address", GOOD, url)
        if not settings.TRUSTED_PROXIES:
            fix = "Behind a reverse proxy set SCHOOLGATE_TRUSTED_PROXIES=1; else all callers look like one."
            yield Finding("proxy", LOOK, "none is trusted", fix)


def _fonts() -> Iterator[Finding]:
    there = {file.name for folder in FONT_FOLDERS if folder.exists() for file in folder.rglob("Noto*")}
    missing = [package for name, package in FONTS_NEEDED.items() if name not in there]
    if missing:
        fix = f"On Debian: apt-get install {' '.join(missing)}"
        yield Finding("fonts", BAD, "names in some scripts could not be printed on letters", fix)
    else:
        yield Finding("fonts", GOOD, "Noto, with Chinese, Japanese and Korean")


def _mail() -> Iterator[Finding]:
    if not settings.EMAIL_URL:
        yield Finding("mail", LOOK, "no server is set: mails stay in the outbox", "Set SCHOOLGATE_EMAIL_URL.")
        return
    try:
        server = get_connection(fail_silently=False)
        server.open()
        server.close()
    except OSError as fault:  # smtplib's own faults are OSErrors too
        fix = "See that SCHOOLGATE_EMAIL_URL is right: host, port, user, password, tls."
        yield Finding("mail", BAD, f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} refuses ({type(fault).__name__})", fix)
    else:
        yield Finding("mail", GOOD, f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} answers")


def _time_zones() -> Iterator[Finding]:
    if "Australia/Sydney" in available_timezones():
        yield Finding("time zones", GOOD, "known")
    else:
        yield Finding("time zones", BAD, "the time zone data is missing", "Run: pip install tzdata")


LOOKS: list[Callable[[], Iterator[Finding]]] = [
    _python, _secrets, _data_dir, _database, _sqlite_for_many, _address, _mail, _fonts, _time_zones,
]  # fmt: skip
