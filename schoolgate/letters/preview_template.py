"""What a text looks like before it is used: the letter itself as SVG, the mail itself, always with a key that opens nothing (R-TP-07, R-TP-08)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils import translation
from django.utils.translation import gettext as _

from schoolgate.directory.models import DirectoryContact, DirectoryStudent
from schoolgate.jobs.subject import Subject
from schoolgate.keys.by_school import stricter_rules
from schoolgate.keys.subjects import of_students, parent_subjects, students_by_subject
from schoolgate.letters.addressees import KEY, of_contact, of_student
from schoolgate.letters.compose_email import Envelope, compose_email
from schoolgate.letters.fields import KINDS, Part, TemplateKind
from schoolgate.letters.key_values import help_of, in_words, key_link, key_values, portal_url
from schoolgate.letters.letter_file import list_words, sheet_words
from schoolgate.letters.merge import merge, parse_template
from schoolgate.letters.pdf import Batch, SheetTexts, draw_svg
from schoolgate.letters.sheet import PaperSize, lay_out
from schoolgate.letters.values import MergeValues, StudentLine
from schoolgate.lib.keycode import dummy_key
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant
from schoolgate.tenancy.school_rules import rules_of_district

_LONG_NAME = "Wilhelmina-Theodora Featherstonehaugh-Cholmondeley-Vandersmit"


@dataclass(frozen=True)
class Draft:
    """A text as it is being written. kind: of the letter or mail, as in fields.py."""

    channel: Part
    subject: str
    body: str
    kind: str = KEY

    @property
    def of(self) -> TemplateKind:
        return KINDS[self.kind, self.channel]


def sample_values(tenant: Tenant, *, channel: Part, at: datetime) -> MergeValues:
    """Nobody in particular, with this school's own facts."""
    return _school_facts(
        tenant,
        channel=channel,
        at=at,
        name=_("Contact Sample"),
        address=(_("Contact Sample"), _("12 Sample Street"), _("Sampletown 2999")),
        students=(StudentLine(_("Student Sample"), "7B"), StudentLine(_("Another Sample"), "4A")),
        copy_no="",
    )


def longest_values(tenant: Tenant, *, channel: Part, at: datetime) -> MergeValues:
    """R-TP-08: names of 60 signs, 8 students, an address of 7 lines."""
    address = (_LONG_NAME[:37], *(f"Line {n} of an address, 34 signs long"[:34] for n in range(2, 8)))
    students = tuple(StudentLine(f"{n} {_LONG_NAME}"[:60], "Year 10 A") for n in range(1, 9))
    copy_no = _("Copy %(number)s of the same key.") % {"number": 12}
    return _school_facts(
        tenant, channel=channel, at=at, name=_LONG_NAME[:60], address=address, students=students, copy_no=copy_no
    )


def contact_values(tenant: Tenant, contact: DirectoryContact, *, channel: Part, at: datetime) -> MergeValues:
    """A real contact's facts, without their key: under the Family and Student systems those of the first key that they may get."""
    subjects = parent_subjects(tenant=tenant, contact_ids=[contact.pk], today=day_of(tenant, at))[:1]
    students = students_by_subject(tenant=tenant, subjects=subjects, today=day_of(tenant, at))
    return key_values(
        tenant=tenant,
        addressee=of_contact(contact),
        students=[student for each in students.values() for student in each],
        grouped_key=dummy_key(),
        last_day=_last_day(tenant, subjects, channel=channel, at=at),
        copy_no=1,
        at=at,
    )


def student_values(tenant: Tenant, student: DirectoryStudent, *, channel: Part, at: datetime) -> MergeValues:
    """A real student's facts, without their key."""
    return key_values(
        tenant=tenant,
        addressee=of_student(student),
        students=(),
        grouped_key=dummy_key(),
        last_day=_last_day(tenant, of_students([student.pk]), channel=channel, at=at),
        copy_no=1,
        at=at,
    )


def draw_preview(*, tenant: Tenant, draft: Draft, values: MergeValues, at: datetime) -> bytes:
    """The letter as SVG, by the sheet that prints it. Raises TemplateRefused, LettersRefused, FontsMissing."""
    language = tenant.settings.language
    with translation.override(language):
        template = parse_template(kind=draft.of, subject=draft.subject, body=draft.body)
        sheet = lay_out(
            merge(template, values, list_words()),
            values,
            language=language,
            is_rtl=translation.get_language_bidi(),
            words=sheet_words(),
        )
        paper = PaperSize(tenant.settings.paper)
        return draw_svg(Batch(SheetTexts(_("Preview")), tenant.name, language, paper, [sheet], at))


def compose_preview(*, tenant: Tenant, draft: Draft, values: MergeValues) -> EmailMultiAlternatives:
    """The mail. Raises TemplateRefused, EmailRefused."""
    language = tenant.settings.language
    with translation.override(language):
        template = parse_template(kind=draft.of, subject=draft.subject, body=draft.body)
        envelope = Envelope("sample@example.org", tenant.name, settings.DEFAULT_FROM_EMAIL, "", "<preview@example.org>")
        tree = merge(template, values, list_words())
        return compose_email(tree, envelope, language=language, is_rtl=translation.get_language_bidi())


def _last_day(tenant: Tenant, subjects: Sequence[Subject], *, channel: Part, at: datetime) -> date:
    """Until when a new key of theirs would live, by the strictest of its schools (R-DI-02)."""
    setting = "letter_life_days" if channel is Part.LETTER else "email_life_days"
    stricter = stricter_rules(tenant=tenant, subjects=subjects, settings=[setting], at=at)
    rules = next(iter(stricter.values()), rules_of_district(tenant))
    return day_of(tenant, at) + timedelta(days=getattr(rules, setting))


def _school_facts(
    tenant: Tenant,
    *,
    channel: Part,
    at: datetime,
    name: str,
    address: tuple[str, ...],
    students: tuple[StudentLine, ...],
    copy_no: str,
) -> MergeValues:
    today = day_of(tenant, at)
    return MergeValues(
        contact_full_name=name,
        contact_salutation=name,
        contact_postal_address=address,
        students=students,
        student_full_name=students[0].name,
        student_class=students[0].detail,
        student_school=tenant.name,
        student_label=(students[0].name, students[0].detail, tenant.name),
        key=dummy_key(),
        key_link=key_link(tenant, dummy_key()),
        expires_on=in_words(_last_day(tenant, (), channel=channel, at=at)),
        portal_url=portal_url(tenant),
        school_name=tenant.name,
        school_help=help_of(tenant),
        date=in_words(today),
        copy_no=copy_no,
    )
