"""Hand over the mails that are due, each at most once, whatever happens to the worker or the server (R-RN-02, R4).

A worker claims one mail at a time by an UPDATE that tests its state, renders it from the sealed copy, hands it over and notes the end.
If it is lost in between, nobody knows whether the mail went: its lease ends, and the mail is *unknown* until a person decides.
"""

import logging
import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from schoolgate.audit.actor import Actor, ActorKind
from schoolgate.audit.record import record
from schoolgate.jobs import stopping
from schoolgate.keys.expiry import note_emailed
from schoolgate.letters.compose import MailStopped, compose
from schoolgate.letters.hand_over import End, HandedOver, hand_over
from schoolgate.letters.models import Channel, Delivery, DeliveryState, Message, MessageState
from schoolgate.tenancy.models import Tenant

LEASE = timedelta(minutes=3)  # Longer than any conversation with a server may take (EMAIL_TIMEOUT).
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
MOST_TRIES = 40  # At an hour each, more than a day: then a person has to look.
_ROUND = 100

logger = logging.getLogger(__name__)


def deliver_due(at: datetime) -> Mapping[str, int]:
    """Sweep: hand over whatever is due until nothing is, or the server is away; how many were sent, failed, unknown.

    Without a mail server (SCHOOLGATE_EMAIL_URL) nothing is handed over: mails stay in the outbox.
    """
    counts = Counter({"sent": 0, "failed": 0, "unknown": _give_up_lost(at=at)})
    if not settings.EMAIL_URL and settings.EMAIL_BACKEND.endswith("dummy.EmailBackend"):
        return counts
    connection = get_connection()
    room: dict[int, int] = {}
    try:
        while not stopping.asked.is_set():
            due = _due(at=timezone.now(), full=[tenant_id for tenant_id, left in room.items() if left <= 0])
            if not due:
                break
            for message_id, tenant_id in due:
                if room.setdefault(tenant_id, _room_of(tenant_id)) <= 0 or stopping.asked.is_set():
                    continue
                try:
                    end = _deliver_one(message_id, connection)
                except DatabaseError:
                    raise
                except Exception:
                    # One mail that can't be made must not hold up every other, of every school.
                    logger.exception("mail.fault", extra={"mail": message_id})
                    _put_off(message_id, at=timezone.now())
                    continue
                if end is End.AWAY:
                    return counts
                if end is End.SENT:
                    room[tenant_id] -= 1
                if end is not None:
                    counts[_COUNTED_AS[end]] += 1
    finally:
        connection.close()
    return counts


_COUNTED_AS = {
    End.SENT: "sent",
    End.BOUNCED: "failed",
    End.REFUSED: "failed",
    End.UNKNOWN: "unknown",
    End.LATER: "later",
    End.AWAY: "later",
}


def _due(*, at: datetime, full: list[int]) -> list[tuple[int, int]]:
    """(message, tenant), those that wait longest first."""
    # every tenant: one set of workers hands over for all
    due = Message.objects.filter(state=MessageState.QUEUED, not_before__lte=at).exclude(tenant_id__in=full)
    return list(due.order_by("not_before", "pk").values_list("pk", "tenant_id")[:_ROUND])


def _room_of(tenant_id: int) -> int:
    """How many mails a tenant may still send in this hour."""
    tenant = Tenant.objects.select_related("settings").get(pk=tenant_id)
    since = timezone.now() - timedelta(hours=1)
    sent = Message.objects.for_tenant(tenant).filter(state=MessageState.SENT, sent_at__gt=since).count()
    return tenant.settings.mails_per_hour - sent


def _deliver_one(message_id: int, connection: BaseEmailBackend) -> End | None:
    """One mail from claim to end. None: somebody else has it, or it was stopped."""
    owner = uuid.uuid4().hex
    email = _claim(message_id, owner=owner, at=timezone.now())
    if email is None:
        return None
    handed = hand_over(email, connection)
    _note_end(message_id, handed, owner=owner, at=timezone.now())
    return handed.end


@transaction.atomic(durable=True)
def _claim(message_id: int, *, owner: str, at: datetime) -> EmailMessage | None:
    """Take the mail and render it, by the facts of this moment (R-RX-05); None when it is another's, or must not go."""
    # every tenant: a worker serves them all
    claimed = Message.objects.filter(pk=message_id, state=MessageState.QUEUED).update(
        state=MessageState.SENDING, lease_owner=owner, lease_until=at + LEASE, tries=F("tries") + 1
    )
    if not claimed:
        return None
    # every tenant: as above
    message = Message.objects.select_related("tenant__settings", "key").get(pk=message_id)
    try:
        with transaction.atomic():  # A mail that is stopped leaves no mark on its key.
            return compose(message, last_day=_note_key(message, at=at), at=at)
    except MailStopped as stop:
        _set(message, MessageState.STOPPED, problem=stop.why, owner=owner)
        _deliveries_of(message).update(state=DeliveryState.STOPPED, problem=stop.why)
        return None


def _note_key(message: Message, *, at: datetime) -> date | None:
    """Step: the last day that the mail must state, counted from this hand-over; None for a mail without a key."""
    if message.key is None:
        return None
    out = note_emailed(tenant=message.tenant, key_ids=[message.key.pk], at=at).get(message.key.pk)
    if out is None:
        raise MailStopped("the key has ended")
    _deliveries_of(message).update(expires_on=out.last_day)
    return out.last_day


@transaction.atomic(durable=True)
def _note_end(message_id: int, handed: HandedOver, *, owner: str, at: datetime) -> None:
    # every tenant: as above
    message = Message.objects.select_related("tenant", "key").get(pk=message_id)
    match handed.end:
        case End.SENT:
            _set(message, MessageState.SENT, owner=owner, sent_at=at)
            _deliveries_of(message).update(state=DeliveryState.HANDED_OVER)
            if message.key is not None:
                _record("key.emailed", message, at=at)
        case End.BOUNCED:
            _set(message, MessageState.BOUNCED, problem=handed.said, owner=owner)
            _deliveries_of(message).update(state=DeliveryState.BOUNCED, problem=handed.said)
        case End.REFUSED:
            _set(message, MessageState.FAILED, problem=handed.said, owner=owner)
            _deliveries_of(message).update(state=DeliveryState.STOPPED, problem=handed.said)
        case End.UNKNOWN:
            _set(message, MessageState.UNKNOWN, problem=handed.said, owner=owner)
            _deliveries_of(message).update(state=DeliveryState.UNKNOWN, problem=handed.said)
        case End.LATER if message.tries >= MOST_TRIES:
            _set(message, MessageState.FAILED, problem=handed.said, owner=owner)
            _deliveries_of(message).update(state=DeliveryState.STOPPED, problem=handed.said)
        case End.LATER | End.AWAY:
            _set(message, MessageState.QUEUED, problem=handed.said, owner=owner, not_before=at + _wait(message.tries))
    if handed.end is not End.SENT:
        logger.warning("mail.not_sent", extra={"mail": message_id, "end": handed.end.value})


def _wait(tries: int) -> timedelta:
    """How long a mail waits that was tried so many times."""
    return min(FIRST_WAIT * (1 << min(tries - 1, 10)), LONGEST_WAIT)


@transaction.atomic(durable=True)
def _put_off(message_id: int, *, at: datetime) -> None:
    """A mail that could not even be made is tried again later, and at last left to a person. One that was claimed is *unknown* in time."""
    # every tenant: a worker serves them all
    message = Message.objects.select_for_update().filter(pk=message_id, state=MessageState.QUEUED).first()
    if message is None:
        return
    message.tries += 1
    message.problem = "it could not be made; the log says more"
    message.not_before = at + _wait(message.tries)
    if message.tries >= MOST_TRIES:
        message.state = MessageState.FAILED
    message.save(update_fields=["tries", "problem", "not_before", "state"])


def _set(message: Message, state: MessageState, *, owner: str, problem: str = "", **more: datetime) -> None:
    """Only while the mail is still ours: whoever's lease has ended may not turn an unknown mail into something else."""
    # every tenant: as above
    Message.objects.filter(pk=message.pk, lease_owner=owner).update(
        state=state, problem=problem, lease_owner="", lease_until=None, **more
    )


def _deliveries_of(message: Message) -> QuerySet[Delivery]:
    """The fact about the key that this mail is."""
    return Delivery.objects.for_tenant(message.tenant).filter(
        key=message.key_id or 0, channel=Channel.EMAIL, copy_no=message.params.get("copy_no", 0)
    )


def _give_up_lost(*, at: datetime) -> int:
    """Mails whose worker was lost: they may have gone. How many."""
    # every tenant: as above
    lost = Message.objects.filter(state=MessageState.SENDING, lease_until__lt=at)
    found = 0
    for message in lost.select_related("tenant")[:1000]:
        found += _give_up(message, at=at)
    return found


@transaction.atomic(durable=True)
def _give_up(message: Message, *, at: datetime) -> int:
    # every tenant: as above
    changed = Message.objects.filter(pk=message.pk, state=MessageState.SENDING, lease_until__lt=at).update(
        state=MessageState.UNKNOWN,
        problem="the worker was lost while handing it over",
        lease_owner="",
        lease_until=None,
    )
    if changed:
        _deliveries_of(message).update(state=DeliveryState.UNKNOWN)
    return changed


@transaction.atomic(durable=True)
def resend_message(*, tenant: Tenant, message: Message, by: Actor, at: datetime) -> bool:
    """A person decides that an unknown, failed or bounced mail goes once more; False when it is none of these any more."""
    stuck = [MessageState.UNKNOWN, MessageState.FAILED, MessageState.BOUNCED]
    again = Message.objects.for_tenant(tenant).filter(pk=message.pk, state__in=stuck)
    if not again.update(state=MessageState.QUEUED, not_before=at, tries=0, problem=""):
        return False
    _deliveries_of(message).update(state=DeliveryState.QUEUED, problem="")
    record("email.resent", tenant_id=tenant.pk, by=by, at=at, subjects=_subjects(message))
    return True


@transaction.atomic(durable=True)
def confirm_message(*, tenant: Tenant, message: Message, by: Actor, at: datetime) -> bool:
    """A person knows that an unknown mail has arrived."""
    unknown = Message.objects.for_tenant(tenant).filter(pk=message.pk, state=MessageState.UNKNOWN)
    if not unknown.update(state=MessageState.SENT, sent_at=at, problem=""):
        return False
    _deliveries_of(message).update(state=DeliveryState.HANDED_OVER, problem="")
    record("email.confirmed", tenant_id=tenant.pk, by=by, at=at, subjects=_subjects(message))
    return True


def _record(act: str, message: Message, *, at: datetime) -> None:
    worker = Actor(kind=ActorKind.SYSTEM, via="worker")
    record(act, tenant_id=message.tenant_id, by=worker, at=at, subjects=_subjects(message), detail={"mail": message.pk})


def _subjects(message: Message) -> list[tuple[str, int]]:
    return [*message.audited, ("mail", message.pk)]
