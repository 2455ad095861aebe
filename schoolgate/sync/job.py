"""Publish and undo as jobs, for pages: the same steps that the actions run, in a worker.

Each is one item in one transaction, so that a reader sees all of it or none (R-DS-04). Its result is the run's id.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.jobs.models import ItemState, Job, JobItem, JobState
from schoolgate.jobs.registry import JobKind
from schoolgate.jobs.start import actor_of, add_job, hand_to_queue
from schoolgate.jobs.subject import Subject
from schoolgate.sync.diff import Row
from schoolgate.sync.publish import Approval, Ending, publish
from schoolgate.sync.undo import NotUndone, undo
from schoolgate.tenancy.models import Tenant

KINDS = ("sync.publish", "sync.undo")
_OPEN = [JobState.PLANNED, JobState.RUNNING, JobState.PAUSED]


@transaction.atomic(durable=True)
def start_publish(
    *, tenant: Tenant, up_to: int, leave_out: Iterable[Row], approve_reason: str, by: Actor, at: datetime
) -> Job:
    """Ask a worker to publish what a preview showed; a sync that is under way already is not joined by a second.

    up_to: the preview's clock number. approve_reason: why a held sync may go ahead; empty for one that wasn't held.
    """
    options = {"up_to": up_to, "leave_out": [list(row) for row in leave_out], "approve_reason": approve_reason.strip()}
    return _start("sync.publish", options, tenant=tenant, by=by, at=at)


@transaction.atomic(durable=True)
def start_undo(*, tenant: Tenant, number: int, reason: str, by: Actor, at: datetime) -> Job:
    """Ask a worker to undo the run of this number (R-DS-06)."""
    return _start("sync.undo", {"number": number, "reason": reason.strip()}, tenant=tenant, by=by, at=at)


def open_job(*, tenant: Tenant) -> Job | None:
    """Query: the sync or undo that is under way."""
    return Job.objects.for_tenant(tenant).filter(kind__in=KINDS, state__in=_OPEN).order_by("-pk").first()


def run_id_of(*, job: Job) -> int | None:
    """Query: the run that a job has made; None while it hasn't, or when nothing was waiting."""
    return job.items.values_list("result_id", flat=True).first()


def _start(kind: str, options: dict[str, Any], *, tenant: Tenant, by: Actor, at: datetime) -> Job:
    # The tenant's row puts two people who press at once in an order.
    Tenant.objects.select_for_update().get(pk=tenant.pk)
    under_way = open_job(tenant=tenant)
    if under_way is not None:
        return under_way
    job = add_job(tenant=tenant, kind=kind, by=by, at=at, options=options, items=[Subject("tenant", tenant.pk)])
    hand_to_queue(job)
    if kind == "sync.publish":
        record("sync.planned", tenant_id=tenant.pk, by=by, at=at, subjects=[("job", job.pk)])
    return job


def _publish(job: Job, items: list[JobItem], at: datetime) -> None:
    tenant = Tenant.objects.get(pk=job.tenant_id)
    reason = str(job.options["approve_reason"])
    outcome = publish(
        tenant=tenant,
        by=actor_of(job),
        at=at,
        up_to=int(job.options["up_to"]),
        leave_out=[(str(kind), int(id_)) for kind, id_ in job.options["leave_out"]],
        approval=Approval(reason) if reason else None,
    )
    for item in items:
        item.state = ItemState.DONE if outcome.ending is Ending.APPLIED else ItemState.SKIPPED
        item.why = "" if outcome.ending is Ending.APPLIED else outcome.ending.value
        item.result_id = outcome.run.pk if outcome.run else None


def _undo(job: Job, items: list[JobItem], at: datetime) -> None:
    tenant = Tenant.objects.get(pk=job.tenant_id)
    for item in items:
        try:
            run = undo(
                tenant=tenant, number=int(job.options["number"]), reason=job.options["reason"], by=actor_of(job), at=at
            )
        except NotUndone:
            item.state, item.why = ItemState.FAILED, "not_last"
        else:
            item.state, item.result_id = ItemState.DONE, run.pk


PUBLISH = JobKind("sync.publish", "Data Sync", _publish)
UNDO = JobKind("sync.undo", "Undo of a Data Sync", _undo)
