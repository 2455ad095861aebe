"""Generate Keys for every contact, with job items and audit: beside a bare COPY of the same rows."""

import time

from django.utils import timezone

from bench.bare import BareTables, settle
from bench.district import District
from bench.table import Result, ratio_result
from schoolgate.audit.actor import Actor, ActorKind
from schoolgate.audit.models import AuditEntry, AuditSubject
from schoolgate.directory.models import DirectoryAssociation
from schoolgate.jobs.models import Job, JobItem
from schoolgate.jobs.run import run_job
from schoolgate.keys.generate import start_generate
from schoolgate.keys.models import AccessKey

KEYS, LEAST_A_SECOND = 100_000, 20_000


def measure(district: District) -> list[Result]:
    """The first 100,000 contacts with a link; the run is the job itself, from its making to its end."""
    tenant, _ = district.published
    links = DirectoryAssociation.objects.for_tenant(tenant).filter(portal_access=True)
    contacts = list(
        links.values_list("contact_id", flat=True).distinct().order_by("contact_id")[: KEYS // district.scale]
    )
    tables = [Job, JobItem, AccessKey, AuditEntry, AuditSubject]
    settle([table._meta.db_table for table in tables])
    began = time.perf_counter()
    by = Actor(kind=ActorKind.SYSTEM, user_id=None, via="bench")
    job = start_generate(tenant=tenant, contact_ids=contacts, by=by, at=timezone.now(), queued=False)
    job = run_job(job.pk)
    took = time.perf_counter() - began

    wheres = {
        Job._meta.db_table: f"id = {job.pk}",
        JobItem._meta.db_table: f"job_id = {job.pk}",
        AccessKey._meta.db_table: f"run_id = {job.pk}",
        AuditEntry._meta.db_table: f"tenant_id = {tenant.pk} AND act = 'key.generated'",
        AuditSubject._meta.db_table: "entry_id IN (SELECT id FROM audit_auditentry WHERE act = 'key.generated')",
    }
    with BareTables(*tables) as bare:
        bare.time_copy(wheres)
        bare.empty()
        copied = bare.time_copy(wheres)
        rows = bare.count()
    speed = job.done / took
    return [
        ratio_result(
            f"generate {job.done:,} keys, items and audit included",
            took=took,
            yardstick=copied,
            most=3,
            beside=f"bare COPY of the same {rows:,} rows",
        ),
        Result(
            "generate: keys a second",
            f"{speed:,.0f}",
            "",
            None,
            f"≥ {LEAST_A_SECOND:,}",
            speed >= LEAST_A_SECOND,
        ),
    ]
