"""The same jobs by way of Celery: its own worker in a thread, with a broker in memory."""

import time

import pytest
from celery.contrib.testing.worker import start_worker
from django.db import transaction
from kombu.exceptions import OperationalError

from schoolgate.jobs import registry
from schoolgate.jobs.models import ItemState, Job, JobState
from schoolgate.jobs.registry import JobKind
from schoolgate.jobs.start import add_job, hand_to_queue
from schoolgate.jobs.subject import Subject
from tests.factories.tenancy import NOW, actor, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def celery(settings):
    settings.CELERY_BROKER_URL = "memory://"
    settings.TASKS = {"default": {"BACKEND": "schoolgate.jobs.celery.CeleryBackend"}}
    from schoolgate.jobs import celery

    return celery


@pytest.fixture
def counting():
    def work(job, items, at):
        for item in items:
            item.state = ItemState.DONE

    registry.register(JobKind("count", "Count", work, chunk=2))


def start() -> Job:
    tenant = make_tenant()
    with transaction.atomic():
        job = add_job(tenant=tenant, kind="count", by=actor(), at=NOW, items=[Subject("contact", n) for n in range(5)])
        hand_to_queue(job)
    return job


def test_celery_runs_a_job_that_was_handed_to_the_queue(celery, counting):
    with start_worker(celery.app, perform_ping_check=False, shutdown_timeout=20):
        job = start()
        end = time.monotonic() + 20
        while job.state != JobState.DONE and time.monotonic() < end:
            time.sleep(0.05)
            job.refresh_from_db()
    assert (job.state, job.done) == (JobState.DONE, 5)


def test_a_broker_that_is_away_leaves_the_job_for_the_next_sweep(celery, counting, monkeypatch):
    def away(*arguments, **options):
        raise OperationalError

    monkeypatch.setattr(celery.run_task, "apply_async", away)
    job = start()
    job.refresh_from_db()
    assert job.state == JobState.PLANNED
