"""Pause, resume and cancel: wishes that the runner obeys between chunks (R-RN-04)."""

from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.jobs.models import Job, JobState, Wanted
from schoolgate.jobs.start import hand_to_queue


@transaction.atomic(durable=True)
def pause_job(*, job: Job, by: Actor, at: datetime) -> None:
    """Stop after the chunk in hand; can be resumed."""
    if Job.objects.filter(pk=job.pk, state__in=[JobState.PLANNED, JobState.RUNNING]).update(wanted=Wanted.PAUSE):
        record(
            "job.paused",
            tenant_id=job.tenant_id,
            by=by,
            at=at,
            subjects=[("job", job.pk)],
        )


@transaction.atomic(durable=True)
def resume_job(*, job: Job, by: Actor, at: datetime) -> None:
    """Carry on a paused job, or one whose worker was lost."""
    Job.objects.filter(pk=job.pk, state=JobState.PAUSED).update(state=JobState.RUNNING, lease_until=None)
    if Job.objects.filter(pk=job.pk, state__in=[JobState.PLANNED, JobState.RUNNING]).update(wanted=Wanted.RUN):
        record(
            "job.resumed",
            tenant_id=job.tenant_id,
            by=by,
            at=at,
            subjects=[("job", job.pk)],
        )
        hand_to_queue(job)


@transaction.atomic(durable=True)
def cancel_job(*, job: Job, by: Actor, at: datetime) -> None:
    """Stop for good after the chunk in hand; finished items stay as they are."""
    stopped = Job.objects.filter(pk=job.pk, state=JobState.PAUSED).update(state=JobState.CANCELLED, finished_at=at)
    asked = Job.objects.filter(pk=job.pk, state__in=[JobState.PLANNED, JobState.RUNNING]).update(wanted=Wanted.CANCEL)
    if stopped or asked:
        record(
            "job.cancelled",
            tenant_id=job.tenant_id,
            by=by,
            at=at,
            subjects=[("job", job.pk)],
        )
