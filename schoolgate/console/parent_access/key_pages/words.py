"""What the acts on keys are called, and how their forecasts and ends are said (design.md §5)."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def said_skips(skipped: Mapping[str, int]) -> str:
    """Such as: Skips 2 with no key, 1 locked. The most first; empty when nobody is skipped."""
    parts = [
        skip_phrase(why, count) for why, count in sorted(skipped.items(), key=lambda each: (-each[1], each[0])) if count
    ]
    return _("Skips %(parts)s.") % {"parts": ", ".join(parts)} if parts else ""


def skip_phrase(why: str, count: int) -> str:
    """A reason with its number, as the end of "Skips …"."""
    phrases = {
        "live_key": ngettext("%(n)s that already has a key", "%(n)s that already have a key", count),
        "tied": ngettext("%(n)s that is connected", "%(n)s that are connected", count),
        "no_link": ngettext("%(n)s with no students", "%(n)s with no students", count),
        "restricted": ngettext("%(n)s restricted", "%(n)s restricted", count),
        "not_parent": ngettext("%(n)s that is no parent contact", "%(n)s that are no parent contacts", count),
        "other_system": ngettext("%(n)s of another key system", "%(n)s of another key system", count),
        "inactive": ngettext("%(n)s not enrolled today", "%(n)s not enrolled today", count),
        "under_age": ngettext("%(n)s under the minimum age", "%(n)s under the minimum age", count),
        "no_birth_date": ngettext("%(n)s with no date of birth", "%(n)s with no date of birth", count),
        "no_household": ngettext("%(n)s in no household", "%(n)s in no household", count),
        "nobody": ngettext("%(n)s with nobody to write to", "%(n)s with nobody to write to", count),
        "no_key": ngettext("%(n)s with no key", "%(n)s with no key", count),
        "locked": ngettext("%(n)s locked", "%(n)s locked", count),
        "not_locked": ngettext("%(n)s that is not locked", "%(n)s that are not locked", count),
        "locked_twice": ngettext("%(n)s locked twice, to be replaced", "%(n)s locked twice, to be replaced", count),
        "no_email": ngettext("%(n)s with no email", "%(n)s with no email", count),
        "bounced": ngettext("%(n)s bounced", "%(n)s bounced", count),
        "shared_email": ngettext(
            "%(n)s that shares an email with somebody restricted",
            "%(n)s that share an email with somebody restricted",
            count,
        ),
        "already_sent": ngettext("%(n)s mailed already", "%(n)s mailed already", count),
        "missing_glyph": ngettext("%(n)s with a sign that no font has", "%(n)s with a sign that no font has", count),
        "no_address": ngettext("%(n)s with no postal address", "%(n)s with no postal address", count),
        "in_run": ngettext("%(n)s in another run", "%(n)s in another run", count),
        "too_many_keys": ngettext("%(n)s, too many keys", "%(n)s, too many keys", count),
        "unknown": ngettext("%(n)s gone from the list", "%(n)s gone from the list", count),
    }
    phrase = phrases.get(why, ngettext("%(n)s for another reason", "%(n)s for another reason", count))
    return phrase % {"n": count}


def skip_mend(why: str) -> str:
    """What to do about a reason, where there is something to do."""
    mends = {
        "live_key": _("Print it, e-mail it, or replace it."),
        "tied": _("They use the portal already. A lost sign-in is mended by a new password, not by a key."),
        "no_link": _("Turn on Has Portal Access for a student, then run a Data Sync."),
        "restricted": _("A restriction closes every student. The enrolments officer can tell more."),
        "other_system": _("The key system is chosen in Settings."),
        "under_age": _("The minimum age is set in District Settings."),
        "no_birth_date": _("Put a date of birth on file and run a Data Sync."),
        "no_household": _("Put contact and student into one household, then run a Data Sync."),
        "nobody": _("Turn on Has Portal Access for an adult, then run a Data Sync."),
        "no_key": _("Generate a key first."),
        "locked": _("Unlock the key, or replace it."),
        "locked_twice": _("Replace the key: it was locked twice."),
        "no_email": _("Print a letter, or put an e-mail address on file and run a Data Sync."),
        "bounced": _("Print a letter, or correct the e-mail address."),
        "shared_email": _("Print a letter instead."),
        "already_sent": _("Tick “mailed before” to mail the same key once more."),
        "missing_glyph": _("Print it without that sign, or install a font that has it."),
        "no_address": _("Print it for handing over, or put an address on file."),
        "in_run": _("Wait for that run to end."),
        "too_many_keys": _("Revoke keys that nobody will use, or let them expire."),
        "unknown": _("They have left the directory since they were ticked."),
    }
    return mends.get(why, "")


def about(seconds: float) -> str:
    """A time estimate in a person's words."""
    if seconds < 5:
        return _("Takes a few seconds.")
    if seconds < 90:
        rounded = max(10, round(seconds / 10) * 10)
        return _("Takes about %(seconds)s seconds. You can leave the page.") % {"seconds": rounded}
    if seconds < 5400:
        minutes = round(seconds / 60)
        return ngettext(
            "Takes about %(minutes)s minute. You can leave the page.",
            "Takes about %(minutes)s minutes. You can leave the page.",
            minutes,
        ) % {"minutes": minutes}
    hours = round(seconds / 3600)
    return ngettext(
        "Takes about %(hours)s hour. You can leave the page.",
        "Takes about %(hours)s hours. You can leave the page.",
        hours,
    ) % {"hours": hours}
