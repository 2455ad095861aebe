"""A run of letters or mails that meets a Data Sync waits for its end (R-DS-05)."""

from threading import Event, Thread

import pytest
from django.db import connection, connections, transaction

from schoolgate.directory.feed import wait_for_sync
from schoolgate.directory.models import DirectoryAssociation, DirectoryHead
from schoolgate.jobs.models import Job
from schoolgate.keys.subjects import of_contacts
from schoolgate.letters import print_letters, send_emails
from schoolgate.letters.print_letters import start_print_letters
from schoolgate.letters.send_emails import start_send_emails
from tests.factories.directory import make_bar
from tests.factories.keys import make_key, make_linked_contact, run
from tests.factories.tenancy import NOW, actor, make_tenant

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.reliability]


@pytest.fixture(params=[start_print_letters, start_send_emails], ids=["letters", "mails"])
def meeting(request):
    """Start a run for a contact while a sync that restricts them is being applied; how many it served."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one process write at a time, whatever it writes")
    tenant = make_tenant()
    DirectoryHead.objects.get_or_create(tenant=tenant)
    contact = make_linked_contact(tenant)
    make_key(contact)
    job = request.param(tenant=tenant, subjects=of_contacts([contact.pk]), by=actor(), at=NOW, queued=False)

    def meet() -> int:
        ended = Event()

        def work() -> None:
            run(job)
            connections.close_all()
            ended.set()

        runner = Thread(target=work)
        with transaction.atomic():  # As Data Sync does: first the head, then the rows.
            wait_for_sync(tenant=tenant)
            runner.start()
            ended.wait(1)  # A run that doesn't wait is long through by then.
            make_bar(DirectoryAssociation.objects.get(contact=contact).student, contact)
        runner.join(30)
        return Job.objects.get(pk=job.pk).done

    return meet


def test_it_serves_nobody_whom_the_sync_has_restricted(meeting):
    assert meeting() == 0


def test_without_waiting_it_serves_them(meeting, monkeypatch):
    """The control."""
    for module in (print_letters, send_emails):
        monkeypatch.setattr(module, "wait_for_sync", lambda *, tenant: None)
    assert meeting() == 1
