"""Make a job and ask the queue to run it; or, from a terminal, run it at once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from schoolgate.audit.actor import Actor, ActorKind
from schoolgate.jobs.items import insert_items
from schoolgate.jobs.models import Job, JobBacklog
from schoolgate.jobs.queue import enqueue
from schoolgate.jobs.subject import Subject, packed
from schoolgate.tenancy.models import Tenant


def add_job(
    *,
    tenant: Tenant,
    kind: str,
    by: Actor,
    at: datetime,
    options: Mapping[str, Any] | None = None,
    items: Iterable[Subject] = (),
) -> Job:
    """Step: write the job with its items, in order. Nothing runs yet."""
    job = Job.objects.create(
        tenant=tenant,
        kind=kind,
        options=dict(options or {}),
        actor_kind=by.kind.value,
        actor_id=by.user_id,
        via=by.via,
        created_at=at,
    )
    job.total = insert_items(job, items)
    job.save(update_fields=["total"])
    return job


def add_backlog_job(
    *,
    tenant: Tenant,
    kind: str,
    by: Actor,
    at: datetime,
    options: Mapping[str, Any],
    subjects: Sequence[Subject],
) -> Job:
    """Step: the same for a bulk kind, whose items are written when they end (JobBacklog)."""
    job = add_job(tenant=tenant, kind=kind, by=by, at=at, options=options)
    JobBacklog.objects.create(job=job, packed=packed(subjects))
    job.total = len(subjects)
    job.save(update_fields=["total"])
    return job


def hand_to_queue(job: Job) -> None:
    """Step: let a worker take it once this transaction has committed."""
    transaction.on_commit(lambda: enqueue(job.pk))


def actor_of(job: Job) -> Actor:
    """Who started the job: its work is theirs, in the audit too."""
    return Actor(kind=ActorKind(job.actor_kind), user_id=job.actor_id, via=job.via)
