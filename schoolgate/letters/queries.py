"""What the office asks about letters and mails."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, Max, OuterRef, QuerySet

from schoolgate.directory.models import DirectoryAssociation, DirectoryContact, DirectoryStudent
from schoolgate.jobs.models import Job
from schoolgate.keys.models import AccessKey
from schoolgate.letters.addressees import KEY
from schoolgate.letters.fields import Part
from schoolgate.letters.models import Delivery, DeliveryState, Message, MessageState, Template
from schoolgate.letters.shipped import shipped_text
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.models import Tenant, User
from schoolgate.tenancy.school_rules import asks_proof_anywhere

WAITING = [MessageState.QUEUED, MessageState.SENDING]
NEVER_LEFT = [MessageState.CANCELLED, MessageState.STOPPED]
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


def newest_message_by_key(*, tenant: Tenant, keys: QuerySet[AccessKey]) -> dict[int, Message]:
    """The last mail that carried each of these keys: one query, be there keys or none.

    One that never left, cancelled or stopped, says nothing of how an earlier one fared: it counts where there is no other.
    """
    mails = Message.objects.for_tenant(tenant).filter(key__in=keys.values("pk")).order_by("pk")
    found: dict[int, Message] = {}
    for mail in mails:
        if mail.key_id is not None and (mail.state not in NEVER_LEFT or mail.key_id not in found):
            found[mail.key_id] = mail
    return found


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


@dataclass(frozen=True)
class TextInUse:
    """What an editor opens with. version 0: nothing of the school's own was ever saved. is_shipped: the shipped text is in force."""

    subject: str
    body: str
    version: int
    is_shipped: bool
    saved_at: datetime | None = None
    saved_by_id: int | None = None


def text_in_use(*, tenant: Tenant, channel: Part, kind: str = KEY) -> TextInUse:
    """The text of a letter or mail with a key that is in force, as it was written (R-TP-02). kind: as in fields.py."""
    newest = _templates(tenant=tenant, kind=kind, channel=channel, language=tenant.settings.language).first()
    if newest is not None and not newest.is_default:
        return TextInUse(newest.subject, newest.body, newest.version, False, newest.saved_at, newest.saved_by_id)
    asks_proof = asks_proof_anywhere(tenant)
    subject, body = shipped_text(kind, channel, asks_proof=asks_proof)
    if newest is None:
        return TextInUse(subject, body, 0, is_shipped=True)
    return TextInUse(subject, body, newest.version, True, newest.saved_at, newest.saved_by_id)


def newest_version(*, tenant: Tenant, kind: str, channel: Part, language: str) -> int:
    """The number of the newest saved text; 0 when there is none."""
    versions = _templates(tenant=tenant, kind=kind, channel=channel, language=language).values_list(
        "version", flat=True
    )
    return versions.first() or 0


def _templates(*, tenant: Tenant, kind: str, channel: Part, language: str) -> QuerySet[Template]:
    rows = Template.objects.for_tenant(tenant).filter(kind=kind, channel=channel.value, language=language)
    return rows.order_by("-version")


def outbox_messages(
    *,
    tenant: Tenant,
    states: Collection[str] = (),
    run_id: int | None = None,
    school_ids: Collection[int] | None = None,
) -> QuerySet[Message]:
    """Mails, newest first. school_ids: only to contacts with a student there, and to students there (R-PM-01), which leaves most account mails out."""
    mails = Message.objects.for_tenant(tenant)
    if states:
        mails = mails.filter(state__in=states)
    if run_id is not None:
        mails = mails.filter(run_id=run_id)
    if school_ids is not None:
        pairs = DirectoryAssociation.objects.for_tenant(tenant).at_schools(school_ids)
        students = DirectoryStudent.objects.for_tenant(tenant).at_schools(school_ids)
        there = pairs.filter(contact_id=OuterRef("contact_id"))
        themselves = students.filter(pk=OuterRef("student_id"))
        mails = mails.filter(Exists(there) | Exists(themselves))
    return mails.order_by("-queued_at", "-pk")


def message_by_id(*, tenant: Tenant, message_id: int, school_ids: Collection[int] | None = None) -> Message:
    """One mail. Raises NotFound."""
    mails = outbox_messages(tenant=tenant, school_ids=school_ids).filter(pk=message_id)
    found = mails.select_related("tenant__settings", "key", "run").first()
    if found is None:
        raise NotFound
    return found


def message_counts(
    *, tenant: Tenant, run_id: int | None = None, school_ids: Collection[int] | None = None
) -> dict[str, int]:
    """{state: how many}, one query."""
    rows = outbox_messages(tenant=tenant, run_id=run_id, school_ids=school_ids).order_by()
    return dict(rows.values_list("state").annotate(n=Count("pk")))


def names_of_addressees(*, tenant: Tenant, messages: Collection[Message]) -> dict[int, str]:
    """{message id: name of its contact or student, or of its account}; three statements."""
    contacts = DirectoryContact.objects.for_tenant(tenant).in_bulk(
        {each.contact_id for each in messages if each.contact_id}
    )
    students = DirectoryStudent.objects.for_tenant(tenant).in_bulk(
        {each.student_id for each in messages if each.student_id}
    )
    accounts = User.objects.for_tenant(tenant).in_bulk({each.account_id for each in messages if each.account_id})
    found = {}
    for each in messages:
        person = contacts.get(each.contact_id or 0) or students.get(each.student_id or 0)
        account = accounts.get(each.account_id or 0)
        found[each.pk] = person.shown_name if person else (account.name or account.username) if account else ""
    return found


def student_for_preview(
    *, tenant: Tenant, student_no: str, school_ids: Collection[int] | None = None
) -> DirectoryStudent:
    """A student by Student Id. Raises NotFound, also beyond the schools given."""
    students = DirectoryStudent.objects.for_tenant(tenant).filter(student_no=student_no, is_active=True)
    found = students.at_schools(school_ids).select_related("school", "second_school").order_by("pk").first()
    if found is None:
        raise NotFound
    return found


def contact_for_preview(
    *, tenant: Tenant, contact_no: str, school_ids: Collection[int] | None = None
) -> DirectoryContact:
    """A PARENT contact by its Contact ID. Raises NotFound, also beyond the schools given (R-PM-01)."""
    contacts = DirectoryContact.objects.for_tenant(tenant).filter(contact_no=contact_no, type="PARENT")
    if school_ids is not None:
        there = DirectoryAssociation.objects.for_tenant(tenant).at_schools(school_ids)
        contacts = contacts.filter(Exists(there.filter(contact_id=OuterRef("pk"))))
    found = contacts.order_by("pk").first()
    if found is None:
        raise NotFound
    return found
