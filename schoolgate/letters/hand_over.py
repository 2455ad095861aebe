"""Give one mail to the mail server, and know what became of it: sent, refused, not now, or nobody can tell.

The server is told step by step, since what a lost connection means depends on the step: before the text of the mail
nothing went; after it, it may have (security.md §5: at most once, and unknown is said).
"""

import smtplib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend

from schoolgate.lib.logs import without_secrets


class End(StrEnum):
    SENT = "sent"
    BOUNCED = "bounced"  # The server knows no such mailbox.
    REFUSED = "refused"  # The server will never take this mail.
    LATER = "later"  # The server asks to come back.
    AWAY = "away"  # The server can't be reached: no other mail would do better now.
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class HandedOver:
    """said: the server's own words, shortened and without keys or links of one use that it quotes, for the office."""

    end: End
    said: str = ""


def has_mail_server() -> bool:
    """Without SCHOOLGATE_EMAIL_URL nothing leaves: mails stay in the outbox to be read."""
    return bool(settings.EMAIL_URL)


def hand_over(email: EmailMessage, connection: BaseEmailBackend) -> HandedOver:
    """Hand over one mail by an open or openable connection. Raises nothing that the network can cause."""
    if isinstance(connection, SmtpBackend):
        return _by_smtp(email, connection)
    try:
        connection.send_messages([email])
    except Exception as fault:  # noqa: BLE001 - any provider's client has errors of its own
        return _by_api(fault)
    return HandedOver(End.SENT)


def _by_smtp(email: EmailMessage, backend: SmtpBackend) -> HandedOver:
    try:
        backend.open()
    except smtplib.SMTPAuthenticationError as fault:
        return HandedOver(End.AWAY, _words(fault.smtp_code, fault.smtp_error))
    except (OSError, smtplib.SMTPException) as fault:
        return HandedOver(End.AWAY, _words_of(fault))
    server = backend.connection
    if server is None:  # Not after open(); it says so to the type checker.
        return HandedOver(End.AWAY)
    text = email.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own message knows it.
    (recipient,) = email.to
    try:
        server.ehlo_or_helo_if_needed()
        options = ["SMTPUTF8", "BODY=8BITMIME"] if _needs_utf8(recipient) and server.has_extn("smtputf8") else []
        refused = _refusal(*server.mail(_bare(email.from_email), options)) or _refusal(
            *server.rcpt(recipient), is_recipient=True
        )
    except (OSError, smtplib.SMTPException) as fault:
        _drop(backend)
        return HandedOver(End.AWAY, _words_of(fault))
    except UnicodeEncodeError:
        _reset(backend)
        return HandedOver(End.REFUSED, "The mail server doesn't take addresses with letters beyond ASCII.")
    if refused:
        _reset(backend)
        return refused
    try:
        code, said = server.data(text)
    except smtplib.SMTPDataError as fault:  # The server refused before it heard the text.
        _reset(backend)
        return _refusal(fault.smtp_code, fault.smtp_error) or HandedOver(End.REFUSED)
    except (OSError, smtplib.SMTPException) as fault:
        _drop(backend)
        return HandedOver(End.UNKNOWN, _words_of(fault))
    refusal = _refusal(code, said)
    if refusal:
        _reset(backend)
    return refusal or HandedOver(End.SENT)


def _refusal(code: int, said: Any, *, is_recipient: bool = False) -> HandedOver | None:
    """None for a yes. 421 is a server that is going away."""
    if 200 <= code < 300:
        return None
    words = _words(code, said)
    if code == 421:
        return HandedOver(End.AWAY, words)
    if 400 <= code < 500:
        return HandedOver(End.LATER, words)
    return HandedOver(End.BOUNCED if is_recipient else End.REFUSED, words)


def _by_api(fault: Exception) -> HandedOver:
    """A provider's answer by HTTP (django-anymail): its status tells; without one nobody knows."""
    status = getattr(fault, "status_code", None)
    if status == 429 or (status is not None and status >= 500):
        return HandedOver(End.LATER, f"{status}")
    if status is not None and 400 <= status < 500:
        return HandedOver(End.REFUSED, f"{status}")
    if isinstance(fault, ConnectionRefusedError):
        return HandedOver(End.AWAY, _words_of(fault))
    return HandedOver(End.UNKNOWN, type(fault).__name__)


def _needs_utf8(address: str) -> bool:
    return not address.isascii()


def _bare(sender: str) -> str:
    """The address in "Name <address>"."""
    return sender.rpartition("<")[2].rstrip(">").strip()


def _reset(backend: SmtpBackend) -> None:
    try:
        if backend.connection is not None:
            backend.connection.rset()
    except (OSError, smtplib.SMTPException):
        _drop(backend)


def _drop(backend: SmtpBackend) -> None:
    try:
        backend.close()
    except (OSError, smtplib.SMTPException):
        backend.connection = None


def _words(code: int, said: Any) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return f"{code} {' '.join(without_secrets(text).split())}"[:200]


def _words_of(fault: Exception) -> str:
    return (without_secrets(str(fault)) or type(fault).__name__)[:200]
