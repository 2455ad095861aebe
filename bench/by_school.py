"""A run by school for every student of the district, parents and students: planned and made, beside a bare COPY of the same rows."""

import time

from django.utils import timezone

from bench.bare import settle
from bench.district import BENCH, District, publish
from bench.keys import TABLES, beside_copy
from bench.table import Result, seconds
from schoolgate.jobs.run import run_job
from schoolgate.keys.generate import start_generate
from schoolgate.keys.plan_run import RunAsked, forecast_run, plan_run
from schoolgate.tenancy.models import Tenant


def measure(district: District) -> list[Result]:
    """On a tenant of its own, whose people have no keys yet; the run is from the plan to the job's end, its preview apart."""
    tenant = _tenant_without_keys(district)
    asked = RunAsked(for_students=True, for_parents=True)
    settle([table._meta.db_table for table in TABLES])
    began = time.perf_counter()
    at = timezone.now()
    plan = plan_run(tenant=tenant, asked=asked, at=at)
    job = start_generate(tenant=tenant, subjects=plan.subjects, by=BENCH, at=at, queued=False)
    job = run_job(job.pk)
    took = time.perf_counter() - began
    what = f"by school: {len(plan.students):,} students, {job.done:,} keys, plan, items and audit included"
    return [
        *beside_copy(tenant, job, took=took, what=what, row="by school"),
        _preview_again(tenant, asked, took=took),
    ]


def _preview_again(tenant: Tenant, asked: RunAsked, *, took: float) -> Result:
    """Its preview, with every key in place: nothing to make."""
    began = time.perf_counter()
    at = timezone.now()
    lines = forecast_run(tenant=tenant, plan=plan_run(tenant=tenant, asked=asked, at=at), at=at)
    looked = time.perf_counter() - began
    to_make = sum(line.to_make for line in lines)
    return Result(
        f"by school: preview of a second run, which makes {to_make:,} keys",
        seconds(looked),
        f"the run itself: {seconds(took)}",
        looked / took,
        "0 keys, ≤ the run",
        to_make == 0 and looked <= took,
    )


def _tenant_without_keys(district: District) -> Tenant:
    """The same made-up roster once more, as another tenant."""
    tenant, _ = district.second
    publish(tenant)
    return Tenant.objects.select_related("settings").get(pk=tenant.pk)
