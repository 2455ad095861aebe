"""Make a job and ask the queue to run it; or, from a terminal, run it at once."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.jobs.models import Job, JobItem
from schoolgate.jobs.queue import enqueue
from schoolgate.tenancy.models import Tenant


def add_job(
    *,
    tenant: Tenant,
    kind: str,
    by: Actor,
    at: datetime,
    options: Mapping[str, Any] | None = None,
    items: Iterable[tuple[str, int]] = (),
) -> Job:
    """Step: write the job with its items, (subject kind, subject id) in order. Nothing runs yet."""
    subjects = list(items)
    job = Job.objects.create(
        tenant=tenant,
        kind=kind,
        options=dict(options or {}),
        total=len(subjects),
        actor_kind=by.kind.value,
        actor_id=by.user_id,
        via=by.via,
        created_at=at,
    )
    JobItem.objects.bulk_create(
        (
            JobItem(job=job, position=n, subject_kind=kind_, subject_id=id_)
            for n, (kind_, id_) in enumerate(subjects, 1)
        ),
        batch_size=2000,
    )
    return job


def hand_to_queue(job: Job) -> None:
    """Step: let a worker take it once this transaction has committed."""
    transaction.on_commit(lambda: enqueue(job.pk))
