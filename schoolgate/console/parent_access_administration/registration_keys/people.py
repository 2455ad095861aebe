"""The contacts of students as this room shows them: whose key each has, and whether it opens the student's record."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.db.models.functions import Lower

from schoolgate.console.parent_access_administration.registration_keys.lines import KeyLine, key_lines
from schoolgate.console.parent_access_administration.registration_keys.scope import Scope
from schoolgate.directory.models import DirectoryAssociation, DirectoryBar, DirectoryContact, DirectoryStudent
from schoolgate.jobs.subject import Subject
from schoolgate.keys.facts import PARENT
from schoolgate.keys.subjects import CONTACT, FAMILY, STUDENT, STUDENT_SELF, SUBJECT_COLUMN, parent_kind
from schoolgate.lib.errors import NotFound
from schoolgate.tenancy.models import Tenant


@dataclass(frozen=True)
class Parent:
    """One contact of one student. line: of their key under the system in force, None where it has no subject for them.

    opens: the pair is a published link, so that the key shows this student. is_barred: a restriction closes the pair.
    """

    pair: DirectoryAssociation
    line: KeyLine | None
    opens: bool
    is_barred: bool
    shares_email: bool = False

    @property
    def contact(self) -> DirectoryContact:
        return self.pair.contact

    @property
    def is_gap(self) -> bool:
        """A key could be made that would open this student's record."""
        return self.opens and self.line is not None and self.line.is_gap


@dataclass(frozen=True)
class StudentKeys:
    """A student with the line of their own key, and those of every contact."""

    student: DirectoryStudent
    own: KeyLine
    parents: tuple[Parent, ...]

    def gaps(self) -> list[Subject]:
        """Whom *Keys for all gaps* would serve (R-RK-13)."""
        own = [self.own.subject] if self.own.is_gap else []
        return own + [each.line.subject for each in self.parents if each.is_gap and each.line is not None]


def students_in(scope: Scope) -> QuerySet[DirectoryStudent]:
    """The students whom the member may see (R-RK-11)."""
    return DirectoryStudent.objects.for_tenant(scope.tenant).at_schools(scope.schools)


def student_by_id(scope: Scope, student_id: int) -> DirectoryStudent:
    """Query. Raises NotFound, also beyond the member's schools (R-RK-11)."""
    found = students_in(scope).select_related("school", "second_school").filter(pk=student_id).first()
    if found is None:
        raise NotFound
    return found


def keys_of_students(scope: Scope, students: Collection[DirectoryStudent]) -> list[StudentKeys]:
    """Query: these students, in this order, with all their keys; the number of statements doesn't depend on how many."""
    pairs = pairs_of(scope.tenant, [student.pk for student in students], today=scope.today)
    kind = parent_kind(scope.tenant)
    subjects = {pair.pk: subject_of_pair(kind, pair) for some in pairs.values() for pair in some}
    own = {student.pk: Subject(STUDENT_SELF, student.pk) for student in students}
    wanted = [*own.values(), *(subject for subject in subjects.values() if subject is not None)]
    lines = key_lines(tenant=scope.tenant, subjects=wanted, at=scope.at)
    contacts = {pair.contact_id: pair.contact for some in pairs.values() for pair in some}
    shared = _shared_addresses(scope.tenant, contacts)
    return [
        StudentKeys(
            student=student,
            own=lines[own[student.pk]],
            parents=tuple(_parent(pair, subjects[pair.pk], lines, shared) for pair in pairs.get(student.pk, ())),
        )
        for student in students
    ]


def pairs_of(tenant: Tenant, student_ids: Collection[int], *, today: date) -> dict[int, list[DirectoryAssociation]]:
    """Query: the published associations of these students, each with opens and is_barred, in the order of the roster."""
    mine = DirectoryAssociation.objects.for_tenant(tenant).filter(student_id__in=student_ids)
    links = mine.links(today=today).filter(pk=OuterRef("pk"))
    bars = DirectoryBar.objects.for_tenant(tenant).closing(today=today)
    bars = bars.filter(student_id=OuterRef("student_id"), contact_id=OuterRef("contact_id"))
    found: dict[int, list[DirectoryAssociation]] = defaultdict(list)
    rows = mine.annotate(opens=Exists(links), is_barred=Exists(bars)).select_related("contact")
    for pair in sorted(rows, key=lambda row: (row.order is None, row.order or 0, row.contact.sort_name, row.pk)):
        found[pair.student_id].append(pair)
    return found


def subject_of_pair(kind: str, pair: DirectoryAssociation) -> Subject | None:
    """Whom the contact's key opens under a key system; None where the pair belongs to no household."""
    if kind == CONTACT:
        return Subject(CONTACT, pair.contact_id)
    subject_id: int | None = getattr(pair, SUBJECT_COLUMN[kind])
    return None if subject_id is None else Subject(kind, subject_id, pair.contact_id)


def legacy_subjects(tenant: Tenant, pairs: Collection[DirectoryAssociation]) -> dict[Subject, DirectoryAssociation]:
    """What keys of the systems that are not in force could open the record by (R-SK-05)."""
    found: dict[Subject, DirectoryAssociation] = {}
    for kind in {CONTACT, FAMILY, STUDENT} - {parent_kind(tenant)}:
        for pair in pairs:
            subject = subject_of_pair(kind, pair)
            if subject is not None:
                found[subject] = pair
    return found


def _parent(
    pair: DirectoryAssociation, subject: Subject | None, lines: Mapping[Subject, KeyLine], shared: Collection[str]
) -> Parent:
    line = lines.get(subject) if subject is not None else None
    contact = pair.contact
    may_share = contact.type == PARENT and contact.is_active and contact.email_usable
    is_shared = may_share and contact.email.casefold() in shared
    opens, is_barred = pair.opens, pair.is_barred  # type: ignore[attr-defined]  # Annotated above.
    return Parent(pair, line, opens, is_barred, is_shared)


def _shared_addresses(tenant: Tenant, contacts: Mapping[int, DirectoryContact]) -> set[str]:
    """Of these contacts' usable addresses, folded: those that another PARENT contact has too (G-01)."""
    usable = {each.email.casefold() for each in contacts.values() if each.email_usable and each.email}
    if not usable:
        return set()
    rows = DirectoryContact.objects.for_tenant(tenant).filter(type=PARENT, is_active=True, email_usable=True)
    folded = rows.annotate(folded=Lower("email")).filter(folded__in=usable).order_by()
    return set(
        folded.values("folded").annotate(holders=Count("pk")).filter(holders__gt=1).values_list("folded", flat=True)
    )


def left_within_grace(tenant: Tenant, student: DirectoryStudent, *, at: datetime, today: date) -> bool:
    """Has the student left so lately that a parent key may still be made (R-SK-04)?"""
    if student.is_active or student.ends_on is None:
        return False
    return 0 <= (today - student.ends_on).days <= tenant.settings.leaving_grace_days
