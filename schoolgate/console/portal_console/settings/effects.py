"""What a change of a setting does to keys and people that are there already, in numbers (R-ST-07)."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from schoolgate.directory.queries import count_younger
from schoolgate.keys.queries import KeyCounts, key_counts
from schoolgate.letters.queries import count_waiting
from schoolgate.tenancy.models import Tenant


@dataclass(frozen=True)
class Numbers:
    """keys: of the tenant. mails: in the outbox. too_young: active students under the minimum age for an own account."""

    keys: KeyCounts
    mails: int
    too_young: int


def numbers_of(tenant: Tenant, *, at: datetime) -> Numbers:
    """Query: what the sentences below are made of; four statements."""
    young = count_younger(tenant=tenant, age=tenant.settings.student_minimum_age, at=at)
    return Numbers(key_counts(tenant=tenant), count_waiting(tenant=tenant), young)


def effect_of(name: str, found: Numbers, *, tenant: Tenant) -> str:
    """One sentence, before saving: what the change of a setting means for what exists. Empty where it means nothing."""
    keys, mails = found.keys, found.mails
    sentences = {
        "portal_open": _portal_effect(found, tenant=tenant),
        "letter_life_days": ngettext(
            "%(n)s live key keeps the expiry printed on it; a copy printed later may get a later one.",
            "%(n)s live keys keep the expiry printed on them; a copy printed later may get a later one.",
            keys.printed,
        )
        % {"n": keys.printed},
        "email_life_days": ngettext(
            "%(n)s live key keeps the expiry told in its email.",
            "%(n)s live keys keep the expiry told in their emails.",
            keys.emailed,
        )
        % {"n": keys.emailed},
        "failed_tries": ngettext(
            "Counts for the %(n)s live key at its next wrong try. A lower number locks it earlier.",
            "Counts for the %(n)s live keys at their next wrong try. A lower number locks them earlier.",
            keys.live,
        )
        % {"n": keys.live},
        "leaving_grace_days": ngettext(
            "Counts at once for %(n)s live key whose contact has no student any more.",
            "Counts at once for %(n)s live keys whose contacts have no student any more.",
            keys.in_grace,
        )
        % {"n": keys.in_grace},
        "second_proof": ngettext(
            "Counts for %(n)s live key from now on; the letters that are out say how it was when they were made.",
            "Counts for %(n)s live keys from now on; the letters that are out say how it was when they were made.",
            keys.live,
        )
        % {"n": keys.live},
        "mails_per_hour": ngettext("%(n)s email waits in the outbox.", "%(n)s emails wait in the outbox.", mails)
        % {"n": mails},
        "paper": _("Letters downloaded from now on; also those of runs that are made already."),
        "access_policy": _(
            "Counts at the next roster import, for each flag that the roster leaves blank: also for those that the rule has set before. "
            "Flags set by hand or by the roster stay."
        ),
        "parent_sign_up": _sign_up_effect(keys.live - keys.student_use, is_on=tenant.settings.parent_sign_up),
        "student_sign_up": _sign_up_effect(keys.student_use, is_on=tenant.settings.student_sign_up),
        "forgot_password": ngettext(
            "Counts for %(n)s connected account. Without it, only the office can help somebody who forgot a password.",
            "Counts for %(n)s connected accounts. Without it, only the office can help somebody who forgot a password.",
            keys.accounts,
        )
        % {"n": keys.accounts},
        "student_minimum_age": ngettext(
            "%(n)s active student is younger now and gets no key of their own. Accounts that are there stay.",
            "%(n)s active students are younger now and get no key of their own. Accounts that are there stay.",
            found.too_young,
        )
        % {"n": found.too_young},
        "time_zone": _("Days of expiry and of restrictions are counted in it from now on."),
    }
    return sentences.get(name, "")


def _sign_up_effect(live: int, *, is_on: bool) -> str:
    if is_on:
        said = ngettext(
            "Turning it off refuses %(n)s live key at once. Whoever has an account signs in as before.",
            "Turning it off refuses %(n)s live keys at once. Whoever has an account signs in as before.",
            live,
        )
    else:
        said = ngettext(
            "Turning it on lets %(n)s live key be used.", "Turning it on lets %(n)s live keys be used.", live
        )
    return said % {"n": live}


def _portal_effect(found: Numbers, *, tenant: Tenant) -> str:
    people = ngettext("%(n)s connected account", "%(n)s connected accounts", found.keys.accounts) % {
        "n": found.keys.accounts
    }
    live = ngettext("%(n)s live key", "%(n)s live keys", found.keys.live) % {"n": found.keys.live}
    if tenant.settings.portal_open:
        return _(
            "Closing ends the sessions of %(people)s within a minute and refuses %(keys)s. The office works on."
        ) % {
            "people": people,
            "keys": live,
        }
    return _("Opening lets %(people)s sign in, and %(keys)s be used.") % {"people": people, "keys": live}
