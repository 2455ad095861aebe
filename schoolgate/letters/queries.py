"""What the office asks about letters and mails."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Count, Exists, Max, OuterRef, QuerySet

from schoolgate.jobs.models import Job
from schoolgate.letters.models import Delivery, DeliveryState, Message, MessageState
from schoolgate.tenancy.models import Tenant

WAITING = [MessageState.QUEUED, MessageState.SENDING]
STUCK = [MessageState.FAILED, MessageState.BOUNCED, MessageState.UNKNOWN]
"""What needs a person: it did not arrive, or nobody can tell."""


def waiting_messages(*, tenant: Tenant) -> QuerySet[Message]:
    """Mails with a key that are held, or being handed over."""
    return Message.objects.for_tenant(tenant).filter(key__isnull=False, state__in=WAITING)


def stuck_messages(*, tenant: Tenant) -> QuerySet[Message]:
    """Mails with a key that did not arrive, or nobody can tell, and after which none has gone for that key."""
    later = Message.objects.for_tenant(tenant).filter(
        key_id=OuterRef("key_id"), pk__gt=OuterRef("pk"), state__in=[*WAITING, MessageState.SENT]
    )
    stuck = Message.objects.for_tenant(tenant).filter(key__isnull=False, state__in=STUCK)
    return stuck.exclude(Exists(later))


def newest_message_by_key(*, tenant: Tenant, key_ids: Collection[int]) -> dict[int, Message]:
    """The last mail that carried each of these keys: one query."""
    mails = Message.objects.for_tenant(tenant).filter(key_id__in=key_ids).order_by("pk")
    return {mail.key_id: mail for mail in mails if mail.key_id is not None}


def held_mails(*, tenant: Tenant, job: Job) -> tuple[int, datetime | None]:
    """How many mails of a run have not been handed over yet, and until when the last of them is held."""
    found = Message.objects.for_tenant(tenant).filter(run=job, state=MessageState.QUEUED)
    counted = found.aggregate(mails=Count("pk"), until=Max("not_before"))
    return counted["mails"], counted["until"]


def has_letters_in_hand(*, tenant: Tenant, job: Job) -> bool:
    """Has a run letters of which nobody has said yet whether they were posted or destroyed?"""
    return Delivery.objects.for_tenant(tenant).filter(run=job, state=DeliveryState.MADE).exists()


def count_waiting(*, tenant: Tenant) -> int:
    """How many mails of every kind the outbox holds."""
    return Message.objects.for_tenant(tenant).filter(state__in=WAITING).count()
