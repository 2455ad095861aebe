"""The stable words of skips and failures, as a person reads them."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REASONS: dict[str, str | Promise] = {
    "live_key": _("has a live key already"),
    "tied": _("is connected already"),
    "no_link": _("has no student with portal access"),
    "restricted": _("is restricted"),
    "not_parent": _("is not of type PARENT"),
    "other_system": _("is a key of a system that is not in use here"),
    "inactive": _("is not enrolled today"),
    "under_age": _("is under the minimum age for an account"),
    "no_birth_date": _("has no date of birth, which the second proof asks for"),
    "no_key": _("has no live key"),
    "no_email": _("has no usable e-mail"),
    "no_address": _("has no postal address"),
    "bounced": _("an e-mail bounced"),
    "shared_email": _("shares the e-mail address with somebody who must not read it"),
    "unknown": _("is not known"),
    "locked": _("the key is locked"),
    "missing_glyph": _("the letter has a sign that no font has"),
    "letter_too_long": _("the letter does not fit on one page"),
    "address_too_long": _("the address does not fit in the window of the envelope"),
    "destroyed": _("the letter was destroyed"),
    "held": _("is held for a second look"),
    "nothing": _("had nothing to publish"),
    "not_last": _("is not the last published run any more"),
    "other_job": _("another job holds this one"),
    "already_sent": _("was mailed this key already"),
    "in_run": _("is in another run"),
    "not_locked": _("the key is not locked"),
    "locked_twice": _("the key was locked twice and can only be replaced"),
    "too_many_keys": _("there are too many live keys"),
    "no_household": _("belongs to no household of the student"),
}


def reason_words(why: str) -> str:
    """The reason in words; a word that isn't known here reads as it is, without its underscores."""
    return str(REASONS.get(why, why.replace("_", " ")))
