"""A run that made keys, beside a bare COPY of all that it wrote: keys, job items, audit."""

from bench.bare import BareTables
from bench.table import Result, ratio_result
from schoolgate.audit.models import AuditEntry, AuditSubject
from schoolgate.jobs.models import Job, JobItem
from schoolgate.keys.models import AccessKey
from schoolgate.tenancy.models import Tenant

LEAST_A_SECOND = 20_000
TABLES = [Job, JobItem, AccessKey, AuditEntry, AuditSubject]


def beside_copy(tenant: Tenant, job: Job, *, took: float, what: str, row: str) -> list[Result]:
    """The run's ratio, and its keys a second. took: seconds. what: the first row's name; row: what the second's begins with."""
    entries = f"tenant_id = {tenant.pk} AND act = 'key.generated'"
    conditions = {
        Job._meta.db_table: f"id = {job.pk}",
        JobItem._meta.db_table: f"job_id = {job.pk}",
        AccessKey._meta.db_table: f"run_id = {job.pk}",
        AuditEntry._meta.db_table: entries,
        AuditSubject._meta.db_table: f"entry_id IN (SELECT id FROM audit_auditentry WHERE {entries})",
    }
    with BareTables(*TABLES) as bare:
        bare.time_copy(conditions)
        bare.empty()
        copied = bare.time_copy(conditions)
        rows = bare.count()
    speed = job.done / took
    beside = f"bare COPY of the same {rows:,} rows"
    a_second = Result(
        f"{row}: keys a second", f"{speed:,.0f}", "", None, f"≥ {LEAST_A_SECOND:,}", speed >= LEAST_A_SECOND
    )
    return [ratio_result(what, took=took, yardstick=copied, most=3, beside=beside), a_second]
