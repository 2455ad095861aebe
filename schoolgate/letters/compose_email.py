"""One mail: text and HTML that say the same, nothing remote, no header that text could break out into (R-TP-11, design.md §11)."""

import re
from dataclasses import dataclass
from email.headerregistry import Address

from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import EmailValidator

from schoolgate.letters.as_html import html_of
from schoolgate.letters.as_text import text_of
from schoolgate.letters.errors import EmailRefused
from schoolgate.letters.tree import Tree, plain
from schoolgate.letters.values import clean

MAX_HTML_BYTES = 20_000
_MAX_SUBJECT = 150
_UNUSABLE = re.compile(r"[\s\x00-\x20\x7f,;<>\"()\\]")
_valid_address = EmailValidator()


@dataclass(frozen=True)
class Envelope:
    """Who writes to whom. sender_name: the school's. sender: the installation's address. message_id: ours, the same at each try."""

    to: str
    sender_name: str
    sender: str
    reply_to: str
    message_id: str


def compose_email(tree: Tree, envelope: Envelope, *, language: str, is_rtl: bool = False) -> EmailMultiAlternatives:
    """The mail, ready to be handed over. Raises EmailRefused for an address that isn't one, and for HTML over 20 kB."""
    for address in (envelope.to, envelope.sender, envelope.reply_to):
        if address and not is_usable_address(address):
            raise EmailRefused("The e-mail address can't be used.", code="email.address")
    sender_name = clean(envelope.sender_name)
    subject = clean(plain(tree.subject))[:_MAX_SUBJECT]
    html = html_of(tree, title=subject, sender=sender_name, language=language, is_rtl=is_rtl)
    size = len(html.encode())
    if size > MAX_HTML_BYTES:
        raise EmailRefused(
            f"The mail has {size // 1000} kB; at most {MAX_HTML_BYTES // 1000} kB are allowed.", code="email.too_large"
        )
    mail = EmailMultiAlternatives(
        subject=subject,
        body=text_of(tree),
        from_email=str(Address(display_name=sender_name, addr_spec=envelope.sender)),
        to=[envelope.to],
        reply_to=[envelope.reply_to] if envelope.reply_to else None,
        headers={
            "Message-ID": envelope.message_id,
            "Content-Language": language,
            "Auto-Submitted": "auto-generated",  # RFC 3834: no out-of-office answers to a machine.
        },
    )
    mail.attach_alternative(html, "text/html")
    return mail


def is_usable_address(address: str) -> bool:
    """One plain address: no list, no name, no line break, and a domain with a dot."""
    if len(address) > 254 or _UNUSABLE.search(address):
        return False
    try:
        _valid_address(address)
    except ValidationError:
        return False
    return True
