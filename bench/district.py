"""The district that the measures share: made by `schoolgate roster make`, imported and published by the commands themselves."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from django.apps import apps
from django.utils import timezone

from bench.bare import settle
from schoolgate.audit.actor import Actor, ActorKind
from schoolgate.directory.models import DirectoryAssociation
from schoolgate.jobs.models import Job
from schoolgate.jobs.run import run_job
from schoolgate.keys.generate import start_generate
from schoolgate.keys.subjects import of_contacts
from schoolgate.sync.publish import Approval, publish_changes
from schoolgate.tenancy.models import Tenant

BENCH = Actor(kind=ActorKind.SYSTEM, user_id=None, via="bench")
STUDENTS, SCHOOLS, SEED, KEYS = 100_000, 120, 20261124, 100_000


@dataclass(frozen=True)
class Ran:
    """One command's run: its JSON, seconds from start to end, and the most memory it held, in MB."""

    found: dict[str, Any]
    seconds: float
    megabytes: float


def run(*words: str, exits: tuple[int, ...] = (0,)) -> Ran:
    """Run a `schoolgate` command in a process of its own, with this database. Start-up is part of its time."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "schoolgate.cli", *words, "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    code = os.waitstatus_to_exitcode(status)
    if code not in exits:
        raise RuntimeError(f"schoolgate {' '.join(words)} ended with {code}: {output.decode()[:2000]}")
    return Ran(json.loads(output), took, usage.ru_maxrss / 1024)


class District:
    """Made on first use and kept for the measures that follow. ``folder`` is for its files; ``scale`` divides its size."""

    def __init__(self, *, folder: Path, scale: int) -> None:
        self.folder = folder
        self.students, self.schools = STUDENTS // scale, max(1, SCHOOLS // scale)
        self.scale = scale

    @cached_property
    def roster(self) -> Path:
        """The folder with its native CSV files."""
        return make_roster(self.folder / "roster", students=self.students, schools=self.schools)

    @cached_property
    def imported(self) -> tuple[Tenant, Ran]:
        """The tenant with its enrolments, and how the import went."""
        return import_roster(self.roster, name="District")

    @cached_property
    def published(self) -> tuple[Tenant, float]:
        """The same after its first Data Sync, and the seconds that it took."""
        tenant, _ = self.imported
        return tenant, publish(tenant)

    @cached_property
    def keyed(self) -> tuple[Job, float]:
        """The run that made keys for its first contacts, and the seconds that it took."""
        tenant, _ = self.published
        return generate_keys(tenant, most=KEYS // self.scale)

    @cached_property
    def second(self) -> tuple[Tenant, Ran]:
        """The same roster once more as another tenant, of whom the database's figures know nothing yet."""
        self.imported  # noqa: B018 - first
        settle(model._meta.db_table for model in apps.get_app_config("enrolments").get_models())
        return import_roster(self.roster, name="Second district")

    @cached_property
    def small(self) -> Tenant:
        """A school of 1,000 students beside it, published and with keys: what cost should not grow from."""
        roster = make_roster(self.folder / "small", students=1_000, schools=2)
        tenant, _ = import_roster(roster, name="School")
        publish(tenant)
        generate_keys(tenant, most=KEYS)
        return tenant


def make_roster(folder: Path, *, students: int, schools: int) -> Path:
    """A made-up roster as native CSV."""
    sizes = ["--students", str(students), "--schools", str(schools), "--seed", str(SEED)]
    run("roster", "make", *sizes, "--format", "native", "--out", str(folder))
    return folder


def import_roster(folder: Path, *, name: str) -> tuple[Tenant, Ran]:
    """A new tenant with this roster in its enrolments."""
    code = run("tenant", "create", "--name", name).found["tenant"]
    ran = run("import", str(folder), "--tenant", code, "--approve", "--accept-warnings")
    return Tenant.objects.get(code=code), ran


def publish(tenant: Tenant) -> float:
    """Seconds that the first Data Sync takes."""
    settle()
    began = time.perf_counter()
    publish_changes(tenant=tenant, by=BENCH, at=timezone.now(), approval=Approval("bench"))
    return time.perf_counter() - began


def generate_keys(tenant: Tenant, *, most: int) -> tuple[Job, float]:
    """Generate Keys for the first contacts that have a link, from the job's making to its end."""
    links = DirectoryAssociation.objects.for_tenant(tenant).filter(portal_access=True)
    contacts = list(links.values_list("contact_id", flat=True).distinct().order_by("contact_id")[:most])
    began = time.perf_counter()
    job = start_generate(tenant=tenant, subjects=of_contacts(contacts), by=BENCH, at=timezone.now(), queued=False)
    return run_job(job.pk), time.perf_counter() - began
