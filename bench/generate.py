"""Generate Keys for every contact, with job items and audit: beside a bare COPY of the same rows."""

from bench.bare import BareTables, settle
from bench.district import District
from bench.table import Result, ratio_result
from schoolgate.audit.models import AuditEntry, AuditSubject
from schoolgate.jobs.models import Job, JobItem
from schoolgate.keys.models import AccessKey

LEAST_A_SECOND = 20_000


def measure(district: District) -> list[Result]:
    """The first 100,000 contacts with a link; the run is the job itself, from its making to its end."""
    tenant, _ = district.published
    tables = [Job, JobItem, AccessKey, AuditEntry, AuditSubject]
    settle([table._meta.db_table for table in tables])
    job, took = district.keyed
    conditions = {
        Job._meta.db_table: f"id = {job.pk}",
        JobItem._meta.db_table: f"job_id = {job.pk}",
        AccessKey._meta.db_table: f"run_id = {job.pk}",
        AuditEntry._meta.db_table: f"tenant_id = {tenant.pk} AND act = 'key.generated'",
        AuditSubject._meta.db_table: f"entry_id IN (SELECT id FROM audit_auditentry WHERE tenant_id = {tenant.pk} AND act = 'key.generated')",
    }
    with BareTables(*tables) as bare:
        bare.time_copy(conditions)
        bare.empty()
        copied = bare.time_copy(conditions)
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
