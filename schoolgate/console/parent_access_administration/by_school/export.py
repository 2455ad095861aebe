"""A run as CSV, before and after: a line for each person, never a key (R-GS-02, R-CK-17)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from schoolgate.console.items_in_reach import items_at
from schoolgate.console.parent_access_administration.by_school.preview import RunPreview
from schoolgate.console.reasons import reason_words
from schoolgate.directory.models import DirectoryContact, DirectoryStudent
from schoolgate.jobs.models import ItemState, Job
from schoolgate.jobs.subject import Subject
from schoolgate.keys.plan_run import whys_of_run
from schoolgate.keys.subjects import CONTACT, STUDENT_SELF, students_by_subject
from schoolgate.lib.csvfile import csv_bytes
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant

_AT_ONCE = 1_000


@dataclass(frozen=True)
class Line:
    """student_id: under whom the subject is counted; None where the reader may not see one. outcome: in words."""

    subject: Subject
    student_id: int | None
    outcome: str
    is_shared: bool = False


def lines_before(preview: RunPreview, *, at: datetime) -> list[Line]:
    """Query: everybody whom the run looks at, with what it would do."""
    plan = preview.plan
    found = [
        Line(
            subject,
            plan.student_by_subject[subject].id,
            reason_words(why) if why else _("gets a key"),
            subject in plan.shared,
        )
        for subject, why in whys_of_run(tenant=preview.tenant, plan=plan, at=at).items()
    ]
    left_out = (
        Line(Subject(CONTACT, contact_id), student.id, reason_words(why))
        for contact_id, (student, why) in plan.left_out.items()
    )
    return [*found, *left_out]


def lines_after(
    *, tenant: Tenant, job: Job, school_ids: Collection[int] | None, at: datetime, at_once: int = _AT_ONCE
) -> Iterator[Line]:
    """Query: each subject of an ended run with its end, in the run's order. school_ids: the reader's, None for all; others are left out."""
    items = items_at(job.items.order_by("position"), tenant=tenant, school_ids=school_ids)
    total = items.count()
    for start in range(0, total, at_once):
        some = list(items[start : start + at_once])
        students = students_by_subject(
            tenant=tenant, subjects=[item.subject for item in some], today=day_of(tenant, at)
        )
        for item in some:
            mine = [student for student in students.get(item.subject, ()) if student.is_at(school_ids)]
            places = {pk for each in mine for pk in each.school_ids if school_ids is None or pk in school_ids}
            made = item.state == ItemState.DONE
            outcome = _("key made") if made else reason_words(item.why)
            yield Line(item.subject, mine[0].pk if mine else None, outcome, len(places) > 1)


def csv_of(tenant: Tenant, lines: Sequence[Line]) -> Iterator[bytes]:
    """The file, piece by piece; two statements for each thousand lines."""
    headings = [
        _("School"),
        _("Year"),
        _("Class"),
        _("Student Id"),
        _("Student"),
        _("Key for"),
        _("Contact ID"),
        _("Contact Name"),
        _("Several schools"),
        _("Outcome"),
    ]
    yield from csv_bytes(headings, _cells(tenant, lines))


def _cells(tenant: Tenant, lines: Sequence[Line]) -> Iterator[list[str]]:
    for start in range(0, len(lines), _AT_ONCE):
        some = lines[start : start + _AT_ONCE]
        wanted = {line.student_id for line in some if line.student_id is not None}
        students = {
            student.pk: student
            for student in DirectoryStudent.objects.for_tenant(tenant)
            .filter(pk__in=wanted)
            .select_related("school", "second_school")
        }
        adults = {line.subject.addressee for line in some if line.subject.kind != STUDENT_SELF}
        contacts = DirectoryContact.objects.for_tenant(tenant).in_bulk(adults)
        for line in some:
            yield _line(line, students.get(line.student_id or 0), contacts)


def _line(line: Line, student: DirectoryStudent | None, contacts: dict[int, DirectoryContact]) -> list[str]:
    own = line.subject.kind == STUDENT_SELF
    contact = None if own else contacts.get(line.subject.addressee)
    of_student = ["", "", "", "", ""]
    if student is not None:
        of_student = [
            student.school_names,
            student.year_level,
            student.roll_class,
            student.student_no,
            student.shown_name,
        ]
    return [
        *of_student,
        _("student use") if own else _("parent use"),
        contact.contact_no if contact else "",
        contact.shown_name if contact else "",
        _("yes") if line.is_shared else "",
        line.outcome,
    ]
