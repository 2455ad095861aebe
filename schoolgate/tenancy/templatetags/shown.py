"""How times, addresses and people are written on pages: {% load shown %}."""

import re
import secrets
from datetime import date, datetime, timedelta

from django import template
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from schoolgate.tenancy.models import User

register = template.Library()
_PHONE = re.compile(r"\+?[0-9][0-9 ().-]{4,22}[0-9]")
_EMAIL = re.compile(r"[^\s@<>?&]+@[^\s@<>?&]+")


@register.filter
def when(moment: datetime | None, now: datetime | None = None) -> str:
    """A moment in the tenant's time zone, as <time>: "10:42 am" for today, "Fri 27 Nov, 3:10 pm" near, else "19 Nov 2025"."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    clock = formats.date_format(local, "g:i a").replace(".", "")
    today = timezone.localtime(now).date() if now else timezone.localdate()
    shown = clock if local.date() == today else f"{_day(local.date(), today)}, {clock}"
    return _time(local.isoformat(timespec="seconds"), shown)


@register.filter
def day(value: date | None, today: date | None = None) -> str:
    """A date as <time>: the weekday for the near ones, the year only if it isn't this one."""
    if value is None:
        return ""
    return _time(value.isoformat(), _day(value, today or timezone.localdate()))


@register.filter
def exactly(moment: datetime | None) -> str:
    """A moment in full, with seconds: for the audit."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    return _time(local.isoformat(), formats.date_format(local, "j M Y, H:i:s"))


def _day(value: date, today: date) -> str:
    pattern = "j M" if value.year == today.year else "j M Y"
    if abs(value - today) < timedelta(days=7):
        pattern = f"D {pattern}"
    return formats.date_format(value, pattern)


def _time(machine: str, shown: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', machine, shown)


@register.simple_tag
def once_field() -> SafeString:
    """The number of a form that is to have one effect, however often it is sent (console/once.py)."""
    return format_html('<input type="hidden" name="once" value="{}">', secrets.token_hex(16))


@register.filter
def breakable(address: str) -> SafeString:
    """An e-mail address that may break before its @, and nowhere worse."""
    name, at, host = address.partition("@")
    return format_html("{}<wbr>{}{}", name, at, host) if at else format_html("{}", address)


@register.filter
def initials(user: User) -> str:
    """Up to two letters for the round mark beside a name."""
    words = (user.name or user.username).split()
    return "".join(word[0] for word in [*words[:1], *words[1:][-1:]]).upper()


@register.filter
def reached(words: str) -> SafeString:
    """A help line or address as a family can press it: a phone number dials, an e-mail address writes, all else is text."""
    if _PHONE.fullmatch(words.strip()):
        number = "".join(sign for sign in words if sign.isdecimal() or sign == "+")
        return format_html('<a href="tel:{}" dir="ltr">{}</a>', number, words.strip())
    if _EMAIL.fullmatch(words.strip()):
        return format_html('<a href="mailto:{}" dir="ltr">{}</a>', words.strip(), words.strip())
    return format_html("<bdi>{}</bdi>", words)
