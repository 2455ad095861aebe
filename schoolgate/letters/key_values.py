"""The facts of one letter or mail that carries a key: the same for paper, mail and preview (R-TP-03, R-TP-06)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from schoolgate.directory.models import DirectoryStudent
from schoolgate.letters.addressees import Addressee
from schoolgate.letters.values import MergeValues, StudentLine
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant


def portal_url(tenant: Tenant) -> str:
    """The address that families are told to open."""
    return f"{settings.BASE_URL}/s-{tenant.code}/"


def key_link(tenant: Tenant, grouped_key: str) -> str:
    """The address with the key behind the #, where no server sees it; nothing else is in it (R-KY-09)."""
    return f"{portal_url(tenant)}key/#k={grouped_key}"


def key_values(
    *,
    tenant: Tenant,
    addressee: Addressee,
    students: Sequence[DirectoryStudent],
    grouped_key: str,
    last_day: date,
    copy_no: int,
    at: datetime,
) -> MergeValues:
    """students: the contact's published links, nobody else's; not looked at for a student. Texts in the language that is active."""
    facts = _shared_values(tenant=tenant, grouped_key=grouped_key, last_day=last_day, copy_no=copy_no, at=at)
    if addressee.whom.is_student:
        return replace(
            facts,
            student_full_name=addressee.name,
            student_class=addressee.class_name,
            student_school=addressee.school,
            student_label=addressee.lines,
        )
    return replace(
        facts,
        contact_full_name=addressee.name,
        contact_salutation=f"{addressee.title} {addressee.family_name}" if addressee.title else addressee.name,
        contact_postal_address=addressee.lines,
        students=tuple(map(student_line, students)),
    )


def _shared_values(*, tenant: Tenant, grouped_key: str, last_day: date, copy_no: int, at: datetime) -> MergeValues:
    return MergeValues(
        key=grouped_key,
        key_link=key_link(tenant, grouped_key),
        expires_on=in_words(last_day),
        portal_url=portal_url(tenant),
        school_name=tenant.name,
        school_help=help_of(tenant),
        date=in_words(day_of(tenant, at)),
        copy_no=_("Copy %(number)s of the same key.") % {"number": copy_no} if copy_no > 1 else "",
    )


def help_of(tenant: Tenant) -> str:
    """How families reach the school: the line, and the address where there is one."""
    return " · ".join(filter(None, [tenant.settings.help_line, tenant.settings.help_address]))


def in_words(day: date) -> str:
    """21 January 2027: a month's name can't be mistaken for a day (design.md §8)."""
    return date_format(day, "j F Y", use_l10n=False)


def student_line(student: DirectoryStudent) -> StudentLine:
    return StudentLine(student.shown_name, student.roll_class or student.year_level)
