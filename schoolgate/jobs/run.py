"""Work through a job's items, chunk by chunk, under a lease: what a lost worker leaves, the next one carries on (R-RN-02)."""

import logging
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from schoolgate.jobs import stopping
from schoolgate.jobs.items import insert_ended, save_ends
from schoolgate.jobs.models import ItemState, Job, JobBacklog, JobState, Wanted
from schoolgate.jobs.registry import ChunkWork, JobKind, followers_of, kind_of
from schoolgate.jobs.subject import Subject

LEASE = timedelta(seconds=60)
logger = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another process has taken the job over; this one must not write to it any more."""


class _Items:
    """Works on the items of a job that wait, as its kind does with items."""

    def __init__(self, kind: JobKind) -> None:
        self.kind = kind

    def next(self, job: Job, *, at: datetime) -> Counter[str]:
        """Do the next chunk and write its items' ends; how many of each. Empty: there is nothing more."""
        items = list(job.items.filter(state=ItemState.WAITING).order_by("position")[: self.kind.chunk])
        if items and self.kind.work is not None:
            self.kind.work(job, items, at)
            save_ends(items)
        return Counter(str(item.state) for item in items)


class _Backlog:
    """Works on a backlog of subjects, whose items are written as they end."""

    def __init__(self, job: Job, kind: JobKind, begin: Callable[[Job, Sequence[Subject]], ChunkWork]) -> None:
        self.kind = kind
        self.subjects = JobBacklog.objects.get(job=job).subjects()
        self.work = begin(job, self.subjects[job.ended :])

    def next(self, job: Job, *, at: datetime) -> Counter[str]:
        """The same. Where it stands is the job's own count, which is committed with the items."""
        subjects = self.subjects[job.ended : job.ended + self.kind.chunk]
        if not subjects:
            return Counter()
        ends = self.work(subjects, at)
        insert_ended(job, subjects, ends, first=job.ended + 1)
        return Counter(end.state.value for end in ends)


def run_job(
    job_id: int,
    *,
    on_progress: Callable[[Job], None] | None = None,
    clock: Callable[[], datetime] = timezone.now,
) -> Job:
    """Run a job to its end, or until it is paused, cancelled or taken over. Safe to call at any time, by anybody.

    Each chunk is one transaction that renews the lease first: a process whose lease was taken writes nothing.
    on_progress is called after each chunk, outside a transaction.
    """
    owner = uuid.uuid4().hex
    # every tenant: the queue names the job, whoever's it is
    if not _take_lease(job_id, owner=owner, at=clock()):
        return Job.objects.get(pk=job_id)  # every tenant: as above
    # every tenant: as above
    job = Job.objects.get(pk=job_id)
    kind = kind_of(job.kind)
    try:
        if kind.plan is not None and job.started_at is None:
            with transaction.atomic():
                _renew(job, owner=owner, at=clock())
                kind.plan(job, clock())
                job.started_at = clock()
                job.total = job.items.count()
                job.save(update_fields=["started_at", "total"])
        steps = _Items(kind) if kind.begin is None else _Backlog(job, kind, kind.begin)
        while not stopping.asked.is_set() and _run_chunk(job, kind, steps, owner=owner, clock=clock):
            if on_progress is not None:
                on_progress(job)
        if stopping.asked.is_set():
            # Whoever looks next carries on at once.
            Job.objects.filter(pk=job.pk, lease_owner=owner).update(lease_owner="", lease_until=None)
    except LeaseLost:
        logger.warning("job.lease_lost", extra={"job": job_id})
    except Exception:
        # The lease stays until it ends: whoever comes next carries on where the last whole chunk left off.
        # every tenant: as above
        Job.objects.filter(pk=job_id, lease_owner=owner).update(
            fault="The work stopped with a fault and can be carried on.",
            lease_owner="",
            lease_until=clock() + LEASE,
        )
        raise
    job.refresh_from_db()
    return job


def due_jobs(*, at: datetime) -> list[int]:
    """Query: jobs that nobody works on, oldest first: never started, or whose worker's lease has ended."""
    free = Q(lease_until=None) | Q(lease_until__lt=at)
    return list(
        # every tenant: a worker takes the next, whoever's it is
        Job.objects.filter(free, state__in=[JobState.PLANNED, JobState.RUNNING])
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def _take_lease(job_id: int, *, owner: str, at: datetime) -> bool:
    free = Q(lease_until=None) | Q(lease_until__lt=at) | Q(lease_owner="")
    # every tenant: the queue names the job
    taken = Job.objects.filter(free, pk=job_id, state__in=[JobState.PLANNED, JobState.RUNNING]).update(
        state=JobState.RUNNING, lease_owner=owner, lease_until=at + LEASE, fault=""
    )
    return taken == 1


def _renew(job: Job, *, owner: str, at: datetime) -> None:
    """Take the job's row for this transaction, and prove that it is still ours."""
    if not Job.objects.filter(pk=job.pk, lease_owner=owner, state=JobState.RUNNING).update(lease_until=at + LEASE):
        raise LeaseLost
    job.refresh_from_db()


def _run_chunk(job: Job, kind: JobKind, steps: _Items | _Backlog, *, owner: str, clock: Callable[[], datetime]) -> bool:
    """One chunk in one transaction. False when there is nothing more to do here."""
    with transaction.atomic():
        at = clock()
        _renew(job, owner=owner, at=at)
        if job.started_at is None:
            job.started_at = at
        if job.wanted:
            job.state = JobState.PAUSED if job.wanted == Wanted.PAUSE else JobState.CANCELLED
            _let_go(job, at=at)
            return False
        ends = steps.next(job, at=at)
        if not ends:
            if kind.finish is not None:
                kind.finish(job, at)
            for follow in followers_of(job.kind):
                follow(job, at)
            job.state = JobState.DONE_WITH_PROBLEMS if job.failed or job.unknown else JobState.DONE
            JobBacklog.objects.filter(job=job).delete()
            _let_go(job, at=at)
            return False
        Job.objects.filter(pk=job.pk).update(
            started_at=job.started_at,
            done=F("done") + ends[ItemState.DONE],
            skipped=F("skipped") + ends[ItemState.SKIPPED],
            failed=F("failed") + ends[ItemState.FAILED],
            unknown=F("unknown") + ends[ItemState.UNKNOWN],
        )
    job.refresh_from_db()
    return True


def _let_go(job: Job, *, at: datetime) -> None:
    job.lease_owner, job.lease_until = "", None
    if job.state != JobState.PAUSED:
        job.finished_at = at
    job.save(
        update_fields=[
            "state",
            "lease_owner",
            "lease_until",
            "started_at",
            "finished_at",
            "result",
        ]
    )
