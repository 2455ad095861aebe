"""Real processes: two workers share the work, a stopped one hands over at once, a killed one loses nothing (R-RN-02)."""

import json
import time
import urllib.request

import pytest
from django.db import transaction
from django.utils import timezone

from schoolgate.jobs.models import Job, JobState
from schoolgate.jobs.start import hand_to_queue
from schoolgate.keys.generate import start_generate
from schoolgate.keys.models import AccessKey
from schoolgate.keys.subjects import of_contacts
from tests.factories.keys import make_linked_contact
from tests.factories.tenancy import actor, make_tenant

pytestmark = pytest.mark.reliability


def wait_for(job: Job, *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while job.state != JobState.DONE and time.monotonic() < end:
        time.sleep(0.1)
        job.refresh_from_db()
    assert job.state == JobState.DONE


def test_workers_do_what_a_page_has_asked_for(live_stack):
    with urllib.request.urlopen(f"{live_stack.url}/health/ready") as answer:
        assert json.load(answer) == {"ready": True}
    tenant = make_tenant()
    contacts = [make_linked_contact(tenant).pk for _ in range(20)]
    jobs = [
        start_generate(tenant=tenant, subjects=of_contacts(contacts), by=actor(), at=timezone.now()) for _ in range(2)
    ]
    for job in jobs:
        wait_for(job)
    assert AccessKey.objects.for_tenant(tenant).count() == 20  # The second run found nothing left to do.
    assert sorted(job.done for job in jobs) == [0, 20]


def test_what_a_killed_worker_was_told_is_done_by_another(live_stack):
    for worker in live_stack.workers:
        worker.kill()
        worker.wait()
    tenant = make_tenant()
    job = start_generate(
        tenant=tenant,
        subjects=of_contacts([make_linked_contact(tenant).pk]),
        by=actor(),
        at=timezone.now(),
        queued=False,
    )
    # Nobody was told, as when the queue's own row was lost with its worker: the sweep finds the job.
    live_stack.start_worker()
    wait_for(job)


def test_a_worker_that_is_asked_to_stop_ends_in_order(live_stack):
    tenant = make_tenant()
    job = start_generate(
        tenant=tenant,
        subjects=of_contacts([make_linked_contact(tenant).pk]),
        by=actor(),
        at=timezone.now(),
        queued=False,
    )
    with transaction.atomic():
        hand_to_queue(job)
    wait_for(job)
    for worker in live_stack.workers:
        worker.terminate()
    assert [worker.wait(timeout=20) for worker in live_stack.workers] == [0, 0]
    assert live_stack.log().count("worker.stopped") == 2
