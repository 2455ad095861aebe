"""R4: workers that hand over mails are killed at random points: none is sent twice, none is lost in silence, unknowns are listed.

Real processes, two at a time, against a real SMTP server; each is ended by SIGKILL in the middle of its work, and another takes
its place. What a killed worker had in hand is *unknown* when its lease has run out (the clock is put forward instead of waiting).
The control hands over first and notes it afterwards, without a claim, and must find doubled mails.

    python -m tests.reliability interrupted_mail [KILLS [MAILS]]
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.context import ForkProcess

from django.core.mail import get_connection
from django.db import connections
from django.utils import timezone

from schoolgate.jobs.models import JobItem
from schoolgate.jobs.run import run_job
from schoolgate.keys.models import AccessKey
from schoolgate.keys.subjects import of_contacts
from schoolgate.letters.compose import compose
from schoolgate.letters.deliver import LEASE, deliver_due
from schoolgate.letters.hand_over import hand_over
from schoolgate.letters.models import Delivery, DeliveryState, Message, MessageState
from schoolgate.letters.send_emails import start_send_emails
from schoolgate.tenancy.dates import last_day_before
from schoolgate.tenancy.models import Tenant, TenantSettings
from tests.factories.tenancy import actor
from tests.letters.mail_server import MailServer, mail_server
from tests.reliability.interrupted_issue import prepare_issue

SEED = 4
WORKERS = 2
Work = Callable[[], object]


@dataclass
class Outcome:
    """kills: of processes that were at work. doubled: mails received more often than once. lost: never received, and not unknown.

    unknown: listed for a person; arrived: those of them that did arrive. left: mails and deliveries without an end.
    """

    mails: int = 0
    kills: int = 0
    doubled: int = 0
    lost: int = 0
    unknown: int = 0
    arrived: int = 0
    left: int = 0


def prepare_mails(count: int) -> Tenant:
    """A tenant whose outbox holds a mail with a key for each of so many contacts."""
    issue = run_job(prepare_issue(count).pk)
    tenant = Tenant.objects.select_related("settings").get(pk=issue.tenant_id)
    TenantSettings.objects.filter(tenant=tenant).update(mails_per_hour=1_000_000)
    tenant = Tenant.objects.select_related("settings").get(pk=tenant.pk)
    ids = list(JobItem.objects.filter(job=issue).values_list("subject_id", flat=True))
    now = timezone.now()
    job = start_send_emails(
        tenant=tenant, subjects=of_contacts(ids), by=actor(), at=now, hold=timedelta(0), queued=False
    )
    assert run_job(job.pk).done == count
    return tenant


def deliver() -> None:
    """A worker's own sweep."""
    deliver_due(timezone.now())


def deliver_without_a_claim() -> None:
    """The control: the mail goes, and then it is written down that it did."""
    connection = get_connection()
    while True:
        message = Message.objects.filter(state=MessageState.QUEUED).order_by("pk").first()  # every tenant: as a worker
        if message is None or message.key is None:
            return
        last_day = last_day_before(message.tenant, message.key.expires_at)
        hand_over(compose(message, last_day=last_day, at=timezone.now()), connection)
        time.sleep(0.02)
        Message.objects.filter(pk=message.pk).update(state=MessageState.SENT)


def run_promise(*, kills: int, mails: int, work: Work = deliver, longest: float = 1.5) -> Outcome:
    """Hand over so many mails while workers are killed; then put the clock forward, and count."""
    chance, outcome = random.Random(SEED), Outcome(mails=mails)
    tenant = prepare_mails(mails)
    with mail_server() as server:
        while _queued(tenant):
            workers = [_start(work) for _ in range(WORKERS)]
            for worker in workers:
                worker.join(chance.uniform(0.02, longest) if outcome.kills < kills else None)
                if worker.is_alive():
                    worker.kill()
                    worker.join()
                    outcome.kills += 1
        deliver_due(timezone.now() + LEASE + timedelta(seconds=1))
        _count(outcome, tenant, server)
    return outcome


def _queued(tenant: Tenant) -> bool:
    return Message.objects.for_tenant(tenant).filter(state=MessageState.QUEUED).exists()


def _start(work: Work) -> ForkProcess:
    connections.close_all()  # A connection is one process's alone.
    process = get_context("fork").Process(target=_in_a_process_of_its_own, args=(work,))
    process.start()
    return process


def _in_a_process_of_its_own(work: Work) -> None:
    work()
    connections.close_all()


def _count(outcome: Outcome, tenant: Tenant, server: MailServer) -> None:
    received = Counter(str(mail["Message-ID"]).split("-")[1].split(".")[0] for mail in server.mails)
    outcome.doubled = sum(count - 1 for count in received.values())
    for pk, state in Message.objects.for_tenant(tenant).values_list("pk", "state"):
        has_arrived = received[str(pk)] > 0
        outcome.unknown += state == MessageState.UNKNOWN
        outcome.arrived += state == MessageState.UNKNOWN and has_arrived
        outcome.left += state in {MessageState.QUEUED, MessageState.SENDING}
        outcome.lost += not has_arrived and state != MessageState.UNKNOWN
    outcome.left += Delivery.objects.for_tenant(tenant).filter(state=DeliveryState.QUEUED).count()


def clean_up() -> None:
    """Nothing of this run is left to the next."""
    Delivery.objects.all().delete()
    Message.objects.all().delete()
    JobItem.objects.all().delete()
    AccessKey.objects.all().delete()


def main(arguments: list[str]) -> int:
    """The full form, with its numbers; 0 when the promise held and the control failed as it must."""
    defaults = [300, 10_000]
    kills, mails = [*map(int, arguments), *defaults[len(arguments) :]]
    began = time.monotonic()
    found = run_promise(kills=kills, mails=mails)
    print(
        f"R4: {found.kills} kills while {mails} mails went out: {found.doubled} doubled, {found.lost} lost in silence,"
        f" {found.unknown} unknown and listed (of which {found.arrived} had arrived), {found.left} left over (seed {SEED})",
        flush=True,
    )
    clean_up()
    control = run_promise(kills=30, mails=min(mails, 1_000), work=deliver_without_a_claim, longest=0.5)
    print(
        f"control, noted after the hand-over and without a claim: {control.doubled} doubled"
        f" ({time.monotonic() - began:.0f} s in all)"
    )
    held = not (found.doubled or found.lost or found.left) and found.kills >= min(kills, 1) and control.doubled > 0
    return 0 if held else 1
