"""Send Emails: a mail for each selected contact, or student, with a live key, as a job that puts them into the outbox (R-CK-12, R-KY-10)."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Lower

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.directory.feed import wait_for_sync
from schoolgate.directory.models import DirectoryAssociation, DirectoryBar, DirectoryContact
from schoolgate.jobs.models import ItemState, Job, JobItem
from schoolgate.jobs.registry import JobKind
from schoolgate.jobs.start import actor_of, add_job, hand_to_queue
from schoolgate.jobs.subject import Subject
from schoolgate.keys.facts import facts_of
from schoolgate.keys.schemes import NO_KEY, NO_LINK, RESTRICTED, UNKNOWN, Facts, Forecast, forecast_of
from schoolgate.keys.subjects import audited
from schoolgate.letters.addressees import Addressee, Whom, addressees_of, kind_of, whom
from schoolgate.letters.models import Channel, Delivery, DeliveryState, Message, MessageState
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant

NO_EMAIL = "no_email"
BOUNCED = "bounced"  # The last mail to this very address came back.
SHARED_EMAIL = "shared_email"  # With somebody who is barred from one of the same students: a letter instead.
ALREADY_SENT = "already_sent"  # This key was mailed, or may have been; "again" mails it once more.

HOLD = timedelta(minutes=10)
"""How long a run started on a page waits in the outbox, so that it can be cancelled whole."""
NAMED_IN_AUDIT = 500

_ON_ITS_WAY = [MessageState.QUEUED, MessageState.SENDING, MessageState.SENT, MessageState.UNKNOWN]


@dataclass(frozen=True)
class Mailbox:
    """What decides about mailing one key. address: empty when there is none that can be used."""

    address: str
    has_bounced: bool
    is_shared: bool
    is_mailed: bool


def why_not_email(facts: Facts | None, mailbox: Mailbox | None, *, again: bool) -> str:
    """Why a contact or student gets no mail, or "" when they do; pure. again: also who was mailed this key before."""
    if facts is None or mailbox is None:
        return UNKNOWN
    if facts.never:
        return facts.never
    if facts.is_barred and not facts.has_link:
        return RESTRICTED  # As with letters: also when the key has ended by that.
    if facts.key_id is None:
        return NO_KEY
    if not facts.has_link:
        return NO_LINK
    if not mailbox.address:
        return NO_EMAIL
    if mailbox.has_bounced:
        return BOUNCED
    if mailbox.is_shared:
        return SHARED_EMAIL
    return ALREADY_SENT if mailbox.is_mailed and not again else ""


def mailboxes_by_subject(*, tenant: Tenant, subjects: Collection[Subject], at: datetime) -> dict[Subject, Mailbox]:
    """Query: where the keys of these subjects could be mailed; a handful of statements, however many they are."""
    addressees = addressees_of(tenant=tenant, subjects=subjects)
    bounced, mailed = _mails_before(tenant=tenant, people=addressees)
    sees = _sees(tenant=tenant, people=addressees, at=at)
    closed_to = _barred_addresses(tenant=tenant, at=at)
    families = _addresses_of_contacts(tenant=tenant, people=addressees.values())
    found = {}
    for subject in subjects:
        person = addressees.get(whom(subject))
        if person is None:
            continue
        address = person.email.casefold()
        others = [
            (contact, student) for contact, student in closed_to.get(address, []) if Whom(False, contact) != person.whom
        ]
        found[subject] = Mailbox(
            address=person.email,
            has_bounced=(person.whom, person.email) in bounced,
            is_shared=address in families or any(student in sees[person.whom] for _contact, student in others),
            is_mailed=(subject.kind, subject.id, subject.addressee) in mailed,
        )
    return found


def _mails_before(
    *, tenant: Tenant, people: Collection[Whom]
) -> tuple[set[tuple[Whom, str]], set[tuple[str, int, int]]]:
    """(person, address) from which the last mail came back; and whose live key was mailed, or may have been: (kind, id, addressee)."""
    keys = Message.objects.for_tenant(tenant).filter(key__isnull=False)
    bounced, mailed = set(), set()
    for is_student, column in ((False, "contact_id"), (True, "student_id")):
        ids = [each.id for each in people if each.is_student == is_student]
        if not ids:
            continue
        mine = keys.filter(**{f"{column}__among": ids})
        came_back = mine.filter(state=MessageState.BOUNCED).values_list(column, "address")
        bounced |= {(Whom(is_student, pk), address) for pk, address in came_back if pk is not None}
        went = mine.filter(state__in=_ON_ITS_WAY, key__state="live")
        mailed |= set(went.values_list("key__subject_kind", "key__subject_id", "key__addressee_id"))
    return bounced, mailed


def _sees(*, tenant: Tenant, people: Collection[Whom], at: datetime) -> dict[Whom, set[int]]:
    """The students whom each of them sees: a contact by published links, a student themself."""
    found: dict[Whom, set[int]] = defaultdict(set)
    contact_ids = [each.id for each in people if not each.is_student]
    if contact_ids:
        links = DirectoryAssociation.objects.for_tenant(tenant).links(today=day_of(tenant, at))
        for contact_id, student_id in links.filter(contact_id__among=contact_ids).values_list(
            "contact_id", "student_id"
        ):
            found[Whom(False, contact_id)].add(student_id)
    for each in people:
        if each.is_student:
            found[each].add(each.id)
    return found


def _addresses_of_contacts(*, tenant: Tenant, people: Iterable[Addressee]) -> set[str]:
    """Of the students' addresses: those that a contact has too. The school didn't issue such a one, and an adult reads it."""
    addresses = {each.email.casefold() for each in people if each.whom.is_student and each.email}
    if not addresses:
        return set()
    contacts = DirectoryContact.objects.for_tenant(tenant).exclude(email="").annotate(folded=Lower("email"))
    return set(contacts.filter(folded__in=addresses).values_list("folded", flat=True))


def _barred_addresses(*, tenant: Tenant, at: datetime) -> dict[str, list[tuple[int, int]]]:
    """{address: [(contact, student) that a restriction keeps apart]}: few rows even in a large district."""
    closing = DirectoryBar.objects.for_tenant(tenant).closing(today=day_of(tenant, at)).exclude(contact__email="")
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for email, contact_id, student_id in closing.values_list("contact__email", "contact_id", "student_id"):
        found[email.casefold()].append((contact_id, student_id))
    return found


def forecast_emails(*, tenant: Tenant, subjects: Collection[Subject], at: datetime, again: bool = False) -> Forecast:
    """Query: what `start_send_emails` would do with this selection at this moment (R-CK-07)."""
    wanted = list(dict.fromkeys(subjects))
    facts_by_subject = facts_of(tenant=tenant, subjects=wanted, at=at)
    mailboxes = mailboxes_by_subject(tenant=tenant, subjects=wanted, at=at)
    return forecast_of(
        {
            subject: why_not_email(facts_by_subject.get(subject), mailboxes.get(subject), again=again)
            for subject in wanted
        }
    )


@transaction.atomic(durable=True)
def start_send_emails(
    *,
    tenant: Tenant,
    subjects: Iterable[Subject],
    by: Actor,
    at: datetime,
    hold: timedelta = HOLD,
    again: bool = False,
    queued: bool = True,
) -> Job:
    """Make the job. hold: how long its mails wait in the outbox. queued: a worker runs it; otherwise the caller does."""
    job = add_emails_job(tenant=tenant, subjects=subjects, by=by, at=at, hold=hold, again=again)
    if queued:
        hand_to_queue(job)
    return job


def add_emails_job(
    *,
    tenant: Tenant,
    subjects: Iterable[Subject],
    by: Actor,
    at: datetime,
    hold: timedelta = HOLD,
    again: bool = False,
) -> Job:
    """Step: the same job, which nobody works on yet."""
    return add_job(
        tenant=tenant,
        kind=SEND_EMAILS.name,
        by=by,
        at=at,
        options={"again": again, "not_before": (at + hold).isoformat()},
        items=dict.fromkeys(subjects),
    )


def _queue_chunk(job: Job, items: list[JobItem], at: datetime) -> None:
    """One chunk: decide by the facts of this moment, put the mails into the outbox."""
    tenant = Tenant.objects.select_related("settings").get(pk=job.tenant_id)
    by = actor_of(job)
    subjects = [item.subject for item in items]
    wait_for_sync(tenant=tenant)
    facts_by_subject = facts_of(tenant=tenant, subjects=subjects, at=at)
    mailboxes = mailboxes_by_subject(tenant=tenant, subjects=subjects, at=at)
    verdict = partial(why_not_email, again=bool(job.options["again"]))
    key_ids: dict[Subject, int] = {}
    for item, subject in zip(items, subjects, strict=True):
        facts = facts_by_subject.get(subject)
        item.why = verdict(facts, mailboxes.get(subject))
        item.state = ItemState.SKIPPED if item.why else ItemState.DONE
        if not item.why and facts is not None and facts.key_id is not None:
            key_ids[subject] = facts.key_id
    if not key_ids:
        return
    copies = _copies(tenant=tenant, key_ids=key_ids.values())
    Delivery.objects.bulk_create(
        [
            Delivery(
                tenant=tenant,
                key_id=key_id,
                channel=Channel.EMAIL,
                state=DeliveryState.QUEUED,
                copy_no=copies[key_id],
                run=job,
                expires_on=day_of(tenant, at),  # Set anew at hand-over, which the life of a mailed key is counted from.
                made_at=at,
                made_by_id=by.user_id,
            )
            for key_id in key_ids.values()
        ],
        batch_size=500,
    )
    Message.objects.bulk_create(
        [
            Message(
                tenant=tenant,
                kind=kind_of(subject),
                key_id=key_id,
                contact_id=None if whom(subject).is_student else subject.addressee,
                student_id=subject.addressee if whom(subject).is_student else None,
                address=mailboxes[subject].address,
                language=tenant.settings.language,
                params={"copy_no": copies[key_id]},
                idempotency_key=f"key:{key_id}:{copies[key_id]}",
                not_before=datetime.fromisoformat(job.options["not_before"]),
                queued_at=at,
                run=job,
            )
            for subject, key_id in key_ids.items()
        ],
        batch_size=500,
    )
    about = [("job", job.pk)]
    if len(key_ids) <= NAMED_IN_AUDIT:
        about += audited(key_ids) + [("key", pk) for pk in key_ids.values()]
    record("email.queued", tenant_id=tenant.pk, by=by, at=at, subjects=about, detail={"mails": len(key_ids)})


def _copies(*, tenant: Tenant, key_ids: Collection[int]) -> dict[int, int]:
    """{key id: number of the next mail for it}"""
    before = Delivery.objects.for_tenant(tenant).filter(key_id__in=key_ids, channel=Channel.EMAIL)
    last = dict(before.values_list("key_id").annotate(last=Max("copy_no")))
    return {key_id: last.get(key_id, 0) + 1 for key_id in key_ids}


SEND_EMAILS = JobKind("letters.send_emails", "Send Emails", _queue_chunk, chunk=500)


@transaction.atomic(durable=True)
def cancel_emails(*, tenant: Tenant, job: Job, by: Actor, at: datetime) -> int:
    """*Cancel* a run: whatever of it has not been handed over stays here for good; how many mails."""
    waiting = Message.objects.for_tenant(tenant).filter(run=job, state=MessageState.QUEUED)
    key_ids = list(waiting.values_list("key_id", flat=True))
    cancelled = waiting.update(state=MessageState.CANCELLED, problem="cancelled")
    still = Message.objects.for_tenant(tenant).filter(run=job).exclude(state=MessageState.CANCELLED)
    stopped = set(key_ids) - set(still.values_list("key_id", flat=True))
    Delivery.objects.for_tenant(tenant).filter(run=job, key_id__in=stopped).update(state=DeliveryState.STOPPED)
    record(
        "email.cancelled", tenant_id=tenant.pk, by=by, at=at, subjects=[("job", job.pk)], detail={"mails": cancelled}
    )
    return cancelled


@transaction.atomic(durable=True)
def cancel_message(*, tenant: Tenant, message: Message, by: Actor, at: datetime) -> bool:
    """*Cancel* one mail with a key; False when it is no longer waiting.

    Raises NotFound for any other: word to its owner of what was done with an account is not the office's to keep back (R-AM-13).
    """
    if message.key_id is None:
        raise NotFound
    waiting = Message.objects.for_tenant(tenant).filter(pk=message.pk, state=MessageState.QUEUED)
    if not waiting.update(state=MessageState.CANCELLED, problem="cancelled"):
        return False
    mails = Delivery.objects.for_tenant(tenant).filter(key_id=message.key_id, channel=Channel.EMAIL)
    mails.filter(copy_no=message.params.get("copy_no", 0)).update(state=DeliveryState.STOPPED)
    about = message.audited
    record("email.cancelled", tenant_id=tenant.pk, by=by, at=at, subjects=about, detail={"mails": 1})
    return True
