"""Show a mail as it was or will be sent, its key or code included: a sensitive act, one audit entry each (R-CK-05, security.md §3)."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.keys.models import KeyState
from schoolgate.letters.compose import MailStopped, compose, preview_message
from schoolgate.letters.hand_over import has_mail_server
from schoolgate.letters.models import Message
from schoolgate.lib.errors import SchoolgateError
from schoolgate.lib.keycode import dummy_key
from schoolgate.tenancy.dates import day_of, last_day_before
from schoolgate.tenancy.models import Tenant


class MailGone(SchoolgateError):
    """There is nothing left to show: the key has ended, the contact is gone. The body was never kept."""

    code = "email.gone"
    status = 409


class MailPrivate(SchoolgateError):
    """Its code or link opens a family's account."""

    code = "email.private"
    status = 403
    message = "The code or link in this mail is for its reader alone."


@dataclass(frozen=True)
class ShownMail:
    """subject, text, html: of the mail, made this moment. is_real: with its key or code."""

    subject: str
    text: str
    html: str
    is_real: bool


def cover_message(*, message: Message, at: datetime) -> ShownMail:
    """Query: the mail with a key that opens nothing. Raises MailGone."""
    try:
        mail = preview_message(message, dummy_key=dummy_key(), last_day=_last_day(message, at=at), at=at)
    except MailStopped as stop:
        raise MailGone(str(stop.why).capitalize() + ".") from stop
    return ShownMail(str(mail.subject), str(mail.body), str(mail.alternatives[0][0]), is_real=False)


def may_be_shown(message: Message) -> bool:
    """May a person of the office read it whole? Not what opens a family's account: that is for its owner (R-MU-01, R-MU-05).

    Where there is no mail server the outbox is the only place where such a mail arrives, and an installation is a trial.
    """
    return "nonce" not in message.params or not has_mail_server()


@transaction.atomic(durable=True)
def show_message(*, tenant: Tenant, message: Message, by: Actor, at: datetime) -> ShownMail:
    """The mail with its key or code. Whoever calls has asked for the right *see keys* and a fresh sign-in. Raises MailGone, MailPrivate."""
    if not may_be_shown(message):
        raise MailPrivate
    if message.key is not None and (message.key.state != KeyState.LIVE or message.key.expires_at <= at):
        raise MailGone("The key has ended.")
    try:
        mail = compose(message, last_day=_last_day(message, at=at) if message.key else None, at=at)
    except MailStopped as stop:
        raise MailGone(str(stop.why).capitalize() + ".") from stop
    act = "key.shown" if message.key is not None else "email.shown"
    record(act, tenant_id=tenant.pk, by=by, at=at, subjects=message.audited, detail={"mail": message.pk, "keys": 1})
    return ShownMail(str(mail.subject), str(mail.body), str(mail.alternatives[0][0]), is_real=True)


def _last_day(message: Message, *, at: datetime) -> date:
    if message.key is None:
        return day_of(message.tenant, at)
    return last_day_before(message.tenant, message.key.expires_at)
