"""What can be amiss with a key, in the words that offices and families read."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from schoolgate.keys.models import AccessKey, KeyState
from schoolgate.lib.errors import SchoolgateError
from schoolgate.tenancy.dates import day_of, last_day_before
from schoolgate.tenancy.models import Tenant


class KeyNotAccepted(SchoolgateError):
    """The secret is not proved. One sentence for every reason: unknown, wrong, locked, too many tries (R-RD-05)."""

    code = "key.not_accepted"
    status = 422

    def __init__(self) -> None:
        super().__init__(
            _("We could not use this key. Check it against your letter, or ask the school office for a new one.")
        )


class ProofNotAccepted(SchoolgateError):
    """The second proof is wrong. Counts as a try at the key (R-KY-05); accounts/ raises it."""

    code = "key.proof_not_accepted"
    status = 422

    def __init__(self) -> None:
        super().__init__(_("This doesn't agree with what the school has. Check it, or ask the school office."))


class KeyProved(SchoolgateError):
    """The whole secret is proved, and the key is not used for a reason that its holder may hear. The try is given back."""

    status = 409


class NothingCompared(SchoolgateError):
    """Refused for what the account or the portal is, before the key was looked at. The try is given back."""


class KeyEnded(KeyProved):
    """The secret is proved, and the key's life has ended. key: as it stands. Says what happened and whom to ask."""

    code = "key.ended"

    def __init__(self, key: AccessKey, *, tenant: Tenant) -> None:
        self.key = key
        code, message = _what_happened(key, tenant=tenant)
        super().__init__(message, fix=_ask(tenant), code=code)


def _what_happened(key: AccessKey, *, tenant: Tenant) -> tuple[str, str]:
    if key.state == KeyState.LIVE and key.locked_at is not None:
        return "key.locked", _("This key was locked after too many wrong tries.")
    if key.state in {KeyState.LIVE, KeyState.EXPIRED}:  # Live: its time is over, and the sweep hasn't come by yet.
        ended = _shown(last_day_before(tenant, key.expires_at))
        return "key.expired", _("This key ended on %(day)s.") % {"day": ended}
    day = _shown(day_of(tenant, key.ended_at)) if key.ended_at else ""
    if key.state == KeyState.REDEEMED:
        return "key.used", _("This key was used on %(day)s. If that was not you, call the office.") % {"day": day}
    if key.state == KeyState.REPLACED:
        return "key.replaced", _("This key was replaced by a new one on %(day)s.") % {"day": day}
    return "key.revoked", _("This key was withdrawn on %(day)s.") % {"day": day}


def _shown(day: date) -> str:
    return date_format(day, "j F Y")


def _ask(tenant: Tenant) -> str:
    help_line = tenant.settings.help_line
    if help_line:
        help_line = f"\u2066{help_line}\u2069"  # Isolated, so that its digits keep their order in right-to-left text.
        return _("Ask the school: %(help_line)s") % {"help_line": help_line}
    return _("Ask the school office.")


class AlreadyTied(KeyProved):
    """This account acts for the key's subject already: nothing changes, and the key stays as it is (R-RD-06)."""

    code = "key.already_added"

    def __init__(self) -> None:
        super().__init__(_("This is already added to your account."))


class ReasonNeeded(SchoolgateError):
    """The act asks for a reason, of at most 200 characters (R-CK-13, R-CK-14)."""

    code = "keys.reason"
    status = 422

    def __init__(self) -> None:
        super().__init__(
            _("Give a reason of at most 200 characters."), fix=_("Say it in a few words; the audit keeps it.")
        )


class TooManyKeys(SchoolgateError):
    """The tenant has so many live keys that their selectors hardly tell them apart (R-KY-04)."""

    code = "keys.too_many"
    status = 409

    def __init__(self) -> None:
        super().__init__(
            _("There are more than 500,000 live keys, too many for four public symbols to tell apart."),
            fix=_("Revoke keys that nobody will use, or let them expire."),
        )


def checked_reason(reason: str) -> str:
    """The reason without outer blanks. Raises ReasonNeeded."""
    reason = reason.strip()
    if not reason or len(reason) > 200:
        raise ReasonNeeded
    return reason


class KeyNotAdded(SchoolgateError):
    """A single key was not made. why: the word of keys/schemes.py; the message says it in words, the fix the way on (R-SK-02)."""

    code = "keys.not_added"
    status = 409

    def __init__(self, why: str, message: str = "") -> None:
        self.why = why
        told, fix = why_no_key(why)
        super().__init__(message or told, fix=fix)


def why_no_key(why: str) -> tuple[str, str]:
    """Why a subject gets no key, in a sentence, and what can be done about it instead (R-SK-02, R-SK-11)."""
    told = {
        "unknown": (
            _("This person is not in the directory any more."),
            _("Somebody has removed them since this page was opened. Look at the list again."),
        ),
        "not_parent": (_("Keys for parent use are for contacts of type PARENT."), ""),
        "other_system": (
            _("This district uses keys of another kind."),
            _("An administrator changes the key system under Settings."),
        ),
        "inactive": (_("The student is not active."), ""),
        "under_age": (_("The student is younger than the district's minimum age for an account of their own."), ""),
        "no_birth_date": (
            _("There is no birth date on file, so that the second proof would be impossible."),
            _("Put it in enrolments and run a Data Sync."),
        ),
        "live_key": (_("There is a live key already."), _("Print it, send it, or replace it.")),
        "tied": (
            _("The key was used and the account is connected."),
            _("A lost sign-in is mended by a new password. Revoke the key to begin anew."),
        ),
        "restricted": (_("A restriction closes every student to this contact."), ""),
        "no_link": (
            _("No published access to any student."),
            _("Turn on Has Portal Access for a student, and run a Data Sync."),
        ),
    }
    return told.get(why, (why.replace("_", " "), ""))
