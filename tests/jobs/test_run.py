"""Jobs: leases, resuming, pause and cancel (spine §3.4, R-RN-01, R-RN-02, R-RN-04)."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from schoolgate.jobs import registry
from schoolgate.jobs.control import cancel_job, pause_job, resume_job
from schoolgate.jobs.models import ItemState, Job, JobState
from schoolgate.jobs.registry import JobKind
from schoolgate.jobs.run import due_jobs, run_job
from schoolgate.jobs.start import add_job
from schoolgate.jobs.subject import Subject
from tests.factories.tenancy import NOW, actor, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


class Breaks(Exception):
    pass


@pytest.fixture
def worked():
    """A kind of job that notes what it did; subject 666 breaks it, once."""
    seen: list[int] = []
    broken: list[bool] = []

    def work(job, items, at):
        for item in items:
            if item.subject_id == 666 and not broken:
                broken.append(True)
                raise Breaks
            seen.append(item.subject_id)
            item.state = ItemState.SKIPPED if item.subject_id < 0 else ItemState.DONE
            item.why = "negative" if item.subject_id < 0 else ""

    registry.register(JobKind("count", "Count", work, chunk=2))
    return seen


def start(*subjects: int) -> Job:
    tenant = make_tenant()
    with transaction.atomic():
        return add_job(tenant=tenant, kind="count", by=actor(), at=NOW, items=[Subject("contact", n) for n in subjects])


def test_every_item_gets_its_end(worked):
    job = run_job(start(1, 2, -3, 4, 5).pk)
    assert (job.state, job.done, job.skipped, job.total) == (JobState.DONE, 4, 1, 5)
    assert job.items.get(subject_id=-3).why == "negative"
    assert worked == [1, 2, -3, 4, 5]


def test_a_second_runner_leaves_a_leased_job_alone(worked):
    job = start(1, 2)
    Job.objects.filter(pk=job.pk).update(
        lease_owner="other", lease_until=timezone.now() + timedelta(minutes=1), state="running"
    )
    run_job(job.pk)
    assert worked == []


def test_a_job_whose_worker_was_lost_is_due_and_is_carried_on(worked):
    job = start(1, 2)
    Job.objects.filter(pk=job.pk).update(
        lease_owner="lost", lease_until=timezone.now() - timedelta(seconds=1), state="running"
    )
    assert due_jobs(at=timezone.now()) == [job.pk]
    assert run_job(job.pk).state == JobState.DONE


def test_a_fault_leaves_whole_chunks_and_the_rest_is_carried_on(worked):
    job = start(1, 2, 3, 666, 5)
    with pytest.raises(Breaks):
        run_job(job.pk)
    job.refresh_from_db()
    assert (job.done, job.state) == (2, JobState.RUNNING)
    assert job.fault
    done = run_job(job.pk)
    assert (done.state, done.done) == (JobState.DONE, 5)
    assert job.items.filter(state=ItemState.DONE).count() == 5


def test_a_runner_whose_lease_was_taken_writes_nothing(worked):
    """The negative side of the lease: without the renewal's test, this chunk would be written twice."""
    job = start(1, 2, 3, 4)

    def steal(job):
        Job.objects.filter(pk=job.pk).update(lease_owner="thief")

    run_job(job.pk, on_progress=steal)
    job.refresh_from_db()
    assert job.done == 2
    assert worked == [1, 2]


def test_pause_then_resume(worked):
    job = start(1, 2, 3)
    pause_job(job=job, by=actor(), at=NOW)
    assert run_job(job.pk).state == JobState.PAUSED
    assert worked == []
    resume_job(job=job, by=actor(), at=NOW)
    assert run_job(job.pk).state == JobState.DONE


def test_cancel_leaves_finished_items_as_they_are(worked):
    job = start(1, 2, 3, 4)
    run_job(job.pk, on_progress=lambda job: cancel_job(job=job, by=actor(), at=NOW))
    job.refresh_from_db()
    assert (job.state, job.done) == (JobState.CANCELLED, 2)
    assert job.items.filter(state=ItemState.WAITING).count() == 2
    assert due_jobs(at=timezone.now()) == []
