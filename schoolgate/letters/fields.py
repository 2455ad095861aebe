"""The merge fields: a closed list, and where each may stand (R-TP-03)."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise


class Part(StrEnum):
    SUBJECT = "subject"
    LETTER = "letter"
    EMAIL = "email"


@dataclass(frozen=True)
class MergeField:
    """label: for the editor's buttons. parts: where it may stand. required: see TemplateKind. placed: the sheet has a place of its own for it."""

    name: str
    label: StrPromise
    parts: frozenset[Part]
    placed: bool = False


_BODY = frozenset({Part.LETTER, Part.EMAIL})
_EVERYWHERE = _BODY | {Part.SUBJECT}
_LETTER = frozenset({Part.LETTER})
_EMAIL = frozenset({Part.EMAIL})

FIELDS = {
    field.name: field
    for field in [
        MergeField("contact.full_name", _("Contact's full name"), _EVERYWHERE),
        MergeField("contact.salutation", _("Salutation"), _EVERYWHERE),
        MergeField("contact.postal_address", _("Postal address"), _LETTER, placed=True),
        MergeField("students", _("Students"), _BODY),
        MergeField("students.with_class", _("Students with their class"), _BODY),
        MergeField("key", _("The key"), _BODY),
        MergeField("key.qr", _("Square code of the key"), _LETTER),
        MergeField("key.link", _("Link with the key"), _EMAIL),
        MergeField("expires_on", _("Last day of the key"), _EVERYWHERE),
        MergeField("portal.url", _("Address of the portal"), _BODY),
        MergeField("school.name", _("School's name"), _EVERYWHERE),
        MergeField("school.logo", _("School's logo"), _BODY, placed=True),
        MergeField("school.help", _("School's help line"), _BODY),
        MergeField("date", _("Today's date"), _EVERYWHERE, placed=True),
        MergeField("copy_no", _("Number of the copy"), _LETTER),
        MergeField("letter.ref", _("Reference for returned mail"), _LETTER, placed=True),
    ]
}


_OF_CONTACTS = {"contact.full_name", "contact.salutation", "contact.postal_address", "students", "students.with_class"}

STUDENT_FIELDS = {name: field for name, field in FIELDS.items() if name not in _OF_CONTACTS | {"letter.ref"}} | {
    field.name: field
    for field in [
        MergeField("student.full_name", _("Student's full name"), _EVERYWHERE),
        MergeField("student.class", _("Class"), _BODY),
        MergeField("student.school", _("Student's school"), _BODY),
        MergeField("student.label", _("Name, class and school"), _LETTER, placed=True),
    ]
}
"""Of the letter and mail with a student's own key: nobody but the student is named."""


@dataclass(frozen=True)
class TemplateKind:
    """A kind of letter or mail. fields: by name. issues_key: R-TP-04 holds. editable: a school may have its own text."""

    name: str
    channel: Part
    fields: dict[str, MergeField]
    issues_key: bool = False
    editable: bool = False


def _account_mail(name: str, *more: str) -> TemplateKind:
    """A mail about an account: shipped text with the school's facts and a few of its own, none of them a key."""
    common = ["school.name", "school.help", "portal.url", "date"]
    fields = {field: FIELDS[field] for field in common}
    fields |= {field: MergeField(field, _("Value"), _EVERYWHERE if field == "code" else _EMAIL) for field in more}
    return TemplateKind(name, Part.EMAIL, fields)


KEY_LETTER = TemplateKind("key", Part.LETTER, FIELDS, issues_key=True, editable=True)
KEY_EMAIL = TemplateKind("key", Part.EMAIL, FIELDS, issues_key=True, editable=True)
STUDENT_LETTER = TemplateKind("student_key", Part.LETTER, STUDENT_FIELDS, issues_key=True, editable=True)
STUDENT_EMAIL = TemplateKind("student_key", Part.EMAIL, STUDENT_FIELDS, issues_key=True, editable=True)
CONFIRM_EMAIL = _account_mail("confirm_email", "code", "minutes", "action.link")
RESET_PASSWORD = _account_mail(
    "reset_password",
    "account.username",
    "account.parent",
    "account.student",
    "account.several",
    "action.link",
    "minutes",
)
CONNECTED = _account_mail("connected", "account.username", "connected.on", "students", "action.link")
OWN_ACCOUNT = _account_mail("own_account", "account.username", "connected.on", "action.link")
SIGN_IN_LINK = _account_mail("sign_in_link", "action.link", "minutes")
ALREADY_REGISTERED = _account_mail("already_registered")
# What the office did with an account, told to whoever signs in with it (R-AM-13).
OFFICE_ACTS = [
    _account_mail(name, "account.username")
    for name in (
        "account_disabled",
        "account_enabled",
        "account_unlocked",
        "account_unlinked",
        "account_deleted",
        "account_kept",
        "account_renamed",
        "new_address_asked",
    )
]
RESET_BY_OFFICE = _account_mail("reset_by_office", "account.username", "action.link", "minutes")
CONFIRM_NEW_ADDRESS = _account_mail("confirm_new_address", "action.link", "minutes")

KINDS = {
    (kind.name, kind.channel): kind
    for kind in [
        KEY_LETTER,
        KEY_EMAIL,
        STUDENT_LETTER,
        STUDENT_EMAIL,
        CONFIRM_EMAIL,
        RESET_PASSWORD,
        CONNECTED,
        OWN_ACCOUNT,
        SIGN_IN_LINK,
        ALREADY_REGISTERED,
        *OFFICE_ACTS,
        RESET_BY_OFFICE,
        CONFIRM_NEW_ADDRESS,
    ]
}
