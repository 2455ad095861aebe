"""What a Data Sync makes necessary for mails that wait: those that may not go any more are stopped, so that the outbox says it.

Nothing depends on its speed: hand-over tests every mail again at its own moment (letters/compose.py).
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from schoolgate.audit.actor import Actor, ActorKind
from schoolgate.audit.record import record
from schoolgate.directory.feed import feed_end
from schoolgate.directory.models import DirectoryHead
from schoolgate.jobs.sweeps import Sweep
from schoolgate.keys.facts import facts_of
from schoolgate.keys.models import KeyState
from schoolgate.keys.subjects import subject_of
from schoolgate.letters.models import Channel, Delivery, DeliveryState, MailCursor, Message, MessageState
from schoolgate.letters.send_emails import mailboxes_by_subject, why_not_email
from schoolgate.tenancy.models import Tenant

BY_WORKER = Actor(kind=ActorKind.SYSTEM, via="worker")


@transaction.atomic(durable=True)
def follow_directory(*, tenant: Tenant, by: Actor, at: datetime) -> int:
    """Stop the waiting mails whose reader may not have them now, or whose key has ended; how many."""
    MailCursor.objects.bulk_create([MailCursor(tenant=tenant)], ignore_conflicts=True)
    MailCursor.objects.filter(tenant=tenant).update(seq=feed_end(tenant=tenant))
    waiting = (
        Message.objects.for_tenant(tenant).filter(key__isnull=False, state=MessageState.QUEUED).select_related("key")
    )
    messages = list(waiting)
    subjects = {message.pk: subject_of(message.key) for message in messages if message.key is not None}
    facts_by_subject = facts_of(tenant=tenant, subjects=set(subjects.values()), at=at)
    mailboxes = mailboxes_by_subject(tenant=tenant, subjects=set(subjects.values()), at=at)
    stopped = 0
    for message in messages:
        subject = subjects[message.pk]
        mailbox = mailboxes.get(subject)
        why = why_not_email(facts_by_subject.get(subject), mailbox, again=True)
        if message.key is None or message.key.state != KeyState.LIVE:
            why = "the key has ended"
        elif mailbox is not None and not why and mailbox.address != message.address:
            why = "the address on file is another one now"
        if why:
            stopped += _stop(message, why=why)
    if stopped:
        detail = {"mails": stopped}
        record("email.stopped", tenant_id=tenant.pk, by=by, at=at, subjects=[("tenant", tenant.pk)], detail=detail)
    return stopped


def _stop(message: Message, *, why: str) -> int:
    queued = Message.objects.for_tenant(message.tenant).filter(pk=message.pk, state=MessageState.QUEUED)
    stopped = queued.update(state=MessageState.STOPPED, problem=why)
    if stopped:
        Delivery.objects.for_tenant(message.tenant).filter(
            key=message.key_id or 0, channel=Channel.EMAIL, copy_no=message.params.get("copy_no", 0)
        ).update(state=DeliveryState.STOPPED, problem=why)
    return stopped


def _follow(at: datetime) -> Mapping[str, int]:
    """Follow the feeds that have grown; one query when none has."""
    read = MailCursor.objects.filter(tenant=OuterRef("tenant"), seq__gte=OuterRef("seq"))
    # every tenant: each whose feed has grown is followed
    grown = DirectoryHead.objects.filter(~Exists(read), seq__gt=0).values("tenant")
    done: Counter[str] = Counter()
    for tenant in Tenant.objects.select_related("settings").filter(pk__in=grown):
        done["mails_stopped"] += follow_directory(tenant=tenant, by=BY_WORKER, at=at)
    return done


FOLLOW = Sweep("letters.follow", timedelta(seconds=5), _follow)
