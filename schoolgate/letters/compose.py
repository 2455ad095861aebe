"""From a queued message to the mail itself, at the moment of its hand-over, by the facts of that moment; nothing of it is kept."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils import translation

from schoolgate.directory.models import DirectoryBar, DirectoryContact, DirectoryStudent
from schoolgate.keys.models import Tie
from schoolgate.keys.reveal import unsealed
from schoolgate.keys.subjects import acting_for, students_by_subject, subject_of
from schoolgate.letters.addressees import KEY, STUDENT_KEY, addressees_of, whom
from schoolgate.letters.compose_email import Envelope, compose_email
from schoolgate.letters.errors import EmailRefused
from schoolgate.letters.fields import Part
from schoolgate.letters.in_use import template_in_use
from schoolgate.letters.key_values import help_of, in_words, key_values, portal_url, student_line
from schoolgate.letters.merge import merge
from schoolgate.letters.models import Message
from schoolgate.letters.values import MergeValues, StudentLine
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import User, UserKind
from schoolgate.tenancy.one_time import one_time_code, one_time_token

_TOLD_WHEN_STOPPED = {
    "account_disabled",
    "account_deleted",
}  # Mails that say so to somebody who can't sign in any more.


class MailStopped(Exception):
    """This mail must not go any more. why: for the office, without a name or an address."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


def compose(message: Message, *, last_day: date | None, at: datetime) -> EmailMultiAlternatives:
    """Step: the mail, ready to be handed over. last_day: of the key that it carries. Raises MailStopped."""
    if message.key is not None and last_day is not None:
        codes = unsealed([message.key])
        if message.key.pk not in codes:
            raise MailStopped("the key has ended")
        return _rendered(message, grouped_key=codes[message.key.pk].grouped, last_day=last_day, at=at)
    return _rendered(message, grouped_key="", last_day=None, at=at)


def preview_message(message: Message, *, dummy_key: str, last_day: date, at: datetime) -> EmailMultiAlternatives:
    """Query: the mail as it would be now, with a key or code that opens nothing (R-TP-07). Raises MailStopped."""
    return _rendered(message, grouped_key=dummy_key, last_day=last_day, at=at, is_preview=True)


def _rendered(
    message: Message, *, grouped_key: str, last_day: date | None, at: datetime, is_preview: bool = False
) -> EmailMultiAlternatives:
    tenant = message.tenant
    with translation.override(message.language):
        if message.kind in {KEY, STUDENT_KEY}:
            values = _key_mail(message, grouped_key=grouped_key, last_day=last_day or day_of(tenant, at), at=at)
        else:
            values = _account_mail(message, at=at, is_preview=is_preview)
        used = template_in_use(tenant=tenant, kind=message.kind, channel=Part.EMAIL)
        tree = merge(used.template, values)
        host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
        envelope = Envelope(
            to=message.address,
            sender_name=tenant.name,
            sender=settings.DEFAULT_FROM_EMAIL,
            reply_to=tenant.settings.reply_to,
            message_id=f"<mail-{message.pk}.{tenant.pk}@{host}>",
        )
        try:
            return compose_email(tree, envelope, language=message.language, is_rtl=translation.get_language_bidi())
        except EmailRefused as refusal:
            raise MailStopped(refusal.message) from refusal


def _key_mail(message: Message, *, grouped_key: str, last_day: date, at: datetime) -> MergeValues:
    """Tested again here, so that a restriction saved a second ago is honoured (R-RN-06, R-RX-05)."""
    tenant = message.tenant
    if message.key is None:
        raise MailStopped("the key is gone")
    subject = subject_of(message.key)
    reader = addressees_of(tenant=tenant, subjects=[subject]).get(whom(subject))
    if reader is None or not reader.is_active:
        raise MailStopped("the student has left" if message.student_id else "the contact is gone")
    if not reader.email or reader.email != message.address:
        raise MailStopped("the address on file is another one now")
    students = students_by_subject(tenant=tenant, subjects=[subject], today=day_of(tenant, at)).get(subject)
    if not students:
        raise MailStopped("the contact sees no student any more")
    # A student's mailbox is the school's: one that a contact has as well is read by an adult.
    others = _sharing(message) - ({message.contact_id} if message.contact_id else set())
    closed = others if message.student_id else _closed_to(message, others, at=at) & {each.pk for each in students}
    if closed:
        raise MailStopped("the address is shared with somebody who must not read it")
    return key_values(
        tenant=tenant,
        addressee=reader,
        students=students,
        grouped_key=grouped_key,
        last_day=last_day,
        copy_no=1,
        at=at,
    )


def _account_mail(message: Message, *, at: datetime, is_preview: bool) -> MergeValues:
    """A code or link is made from the nonce here; after its minutes the mail would only confuse."""
    tenant, params = message.tenant, message.params
    account = User.objects.for_tenant(tenant).filter(pk=message.account_id or 0, erased_at=None).first()
    if account is None or not (account.is_active or message.kind in _TOLD_WHEN_STOPPED):
        raise MailStopped("the account is gone")
    minutes = params.get("minutes")
    if minutes and not is_preview and at > message.queued_at + timedelta(minutes=int(minutes)):
        raise MailStopped("its code or link has run out")
    more = {"minutes": str(minutes or ""), "account.username": account.username}
    # For sections of the text: which kind of account it is, and whether others share the address.
    more["account.student" if account.kind == UserKind.STUDENT else "account.parent"] = account.username
    more["account.several"] = account.username if params.get("several") else ""
    if "nonce" in params:
        code, token = one_time_code(params["nonce"]), one_time_token(params["nonce"])
        if is_preview:
            code, token = "•" * len(code), "•" * len(token)
        more["code"] = code
        more["action.link"] = f"{portal_url(tenant)}{params['link']}#t={params['id']}.{token}"
    elif "link" in params:
        more["action.link"] = f"{portal_url(tenant)}{params['link']}"
    if "connected_at" in params:
        more["connected.on"] = in_words(day_of(tenant, datetime.fromisoformat(params["connected_at"])))
    students: tuple[StudentLine, ...] = ()
    if message.kind == "connected":
        students = tuple(map(student_line, _connected_children(message, at=at)))
    return MergeValues(
        students=students,
        portal_url=portal_url(tenant),
        school_name=tenant.name,
        school_help=help_of(tenant),
        date=in_words(day_of(tenant, at)),
        more=tuple(more.items()),
    )


def _connected_children(message: Message, *, at: datetime) -> list[DirectoryStudent]:
    """Whom the new tie opens, but for those that a reader of this mail is barred from (R-RX-03, R-RX-05).

    Readers are those for whom the account acts besides, and whoever shares the mailbox.
    """
    tenant, today = message.tenant, day_of(message.tenant, at)
    ties = list(Tie.objects.for_tenant(tenant).standing().filter(account_id=message.account_id or 0))
    readers = acting_for(map(subject_of, ties)).adults | _sharing(message)
    closed = _closed_to(message, readers, at=at)
    opened = [subject_of(tie) for tie in ties if tie.pk == message.params.get("tie")]
    by_subject = students_by_subject(tenant=tenant, subjects=opened, today=today)
    linked = [student for students in by_subject.values() for student in students]
    return [student for student in linked if student.pk not in closed]


def _sharing(message: Message) -> set[int]:
    """The contacts whose address on file this mail goes to."""
    sharing = DirectoryContact.objects.for_tenant(message.tenant).filter(email__iexact=message.address)
    return set(sharing.values_list("pk", flat=True))


def _closed_to(message: Message, contact_ids: Collection[int], *, at: datetime) -> set[int]:
    """The students that a restriction keeps from any of these contacts."""
    bars = DirectoryBar.objects.for_tenant(message.tenant).closing(today=day_of(message.tenant, at))
    return set(bars.filter(contact_id__in=contact_ids).values_list("student_id", flat=True))
