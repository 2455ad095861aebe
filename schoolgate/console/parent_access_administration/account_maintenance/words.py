"""States, locks and reasons of accounts, in the office's words."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from schoolgate.accounts.find import ACTIVE, DELETED, DISABLED, UNCONFIRMED
from schoolgate.tenancy.models import UserKind

KINDS: dict[str, str | Promise] = {UserKind.FAMILY: _("Parent"), UserKind.STUDENT: _("Student")}


@dataclass(frozen=True)
class Look:
    """tone: of the pill. icon: beside the word."""

    label: str | Promise
    tone: str
    icon: str


STATES = {
    ACTIVE: Look(_("Active"), "ok", "check"),
    UNCONFIRMED: Look(_("Not confirmed"), "warn", "clock"),
    DISABLED: Look(_("Disabled"), "bad", "ban"),
    DELETED: Look(_("Deleted"), "0", "trash"),
}

WHYS: dict[str, str | Promise] = {
    "no_key": _("No key used yet"),
    "tie_ended": _("The key was revoked, or the connection ended"),
    "no_student": _("No student belongs to the contact any more"),
    "restricted": _("Restricted"),
    "disclaimed": _("The family said: not my child"),
    "student_left": _("The student has left"),
    "contact_left": _("The contact is no longer active"),
    "access_off": _("Has Portal Access is off"),
}

SKIPS: dict[str, str | Promise] = {
    "unknown": _("gone, or at another school"),
    "disabled": _("stopped by staff: enable them instead"),
    "deleted": _("deleted"),
    "not_locked": _("not locked"),
    "no_tie": _("not connected any more"),
}
