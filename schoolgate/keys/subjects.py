"""Whom keys are for, under each key system (portal-console §4, registration-keys §3).

A contact's key opens the contact's links. A household's or a student's key carries the contact it was made for, and opens
those of this contact's links that belong to the household, or to the student (R-ST-05). A key for student use is the student's own.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from schoolgate.directory.models import DirectoryAssociation, DirectoryStudent
from schoolgate.directory.queries import ActsFor
from schoolgate.jobs.subject import Subject
from schoolgate.keys.models import AccessKey, SubjectKind, Tie
from schoolgate.tenancy.models import KeySystem, Tenant

CONTACT, FAMILY = SubjectKind.CONTACT.value, SubjectKind.FAMILY.value  # Plain strings: they are hashed by the thousand.
STUDENT, STUDENT_SELF = SubjectKind.STUDENT.value, SubjectKind.STUDENT_SELF.value

PARENT_KIND = {KeySystem.CONTACT: CONTACT, KeySystem.FAMILY: FAMILY, KeySystem.STUDENT: STUDENT}
"""What the keys of adults are tied to, by the key system in force."""

SUBJECT_COLUMN = {CONTACT: "contact_id", FAMILY: "household_id", STUDENT: "student_id"}
"""Where an association names the subject that it belongs to."""


AUDIT_KIND = {CONTACT: "contact", FAMILY: "household", STUDENT: "student", STUDENT_SELF: "student"}


def of_contacts(contact_ids: Iterable[int]) -> list[Subject]:
    """The contacts themselves, in this order."""
    return [Subject(CONTACT, pk) for pk in contact_ids]


def of_students(student_ids: Iterable[int]) -> list[Subject]:
    """These students as themselves, for student use."""
    return [Subject(STUDENT_SELF, pk) for pk in student_ids]


def subject_from(kind: str, subject_id: int, addressee_id: int) -> Subject:
    """As a key or a tie has it in its columns."""
    return Subject(kind, subject_id, None if kind in {CONTACT, STUDENT_SELF} else addressee_id)


def subject_of(key: AccessKey | Tie) -> Subject:
    return subject_from(key.subject_kind, key.subject_id, key.addressee_id)


def audited(subjects: Iterable[Subject]) -> list[tuple[str, int]]:
    """Whom the audit names: what the key opens, and for whom it was made."""
    found = []
    for kind, pk, addressee_id in subjects:
        if addressee_id is not None:
            found.append(("contact", addressee_id))
        found.append((AUDIT_KIND[kind], pk))
    return found


def acting_for(subjects: Iterable[Subject]) -> ActsFor:
    """What these subjects, taken together, open."""
    of: dict[str, set[Subject]] = {kind: set() for kind in AUDIT_KIND}
    for subject in subjects:
        of[subject.kind].add(subject)
    return ActsFor(
        contacts=frozenset(subject.id for subject in of[CONTACT]),
        households=frozenset((subject.id, subject.addressee) for subject in of[FAMILY]),
        students=frozenset((subject.id, subject.addressee) for subject in of[STUDENT]),
        themselves=frozenset(subject.id for subject in of[STUDENT_SELF]),
    )


def parent_kind(tenant: Tenant) -> str:
    """What the tenant's keys for parents are tied to."""
    return PARENT_KIND[KeySystem(tenant.settings.key_system)]


def parent_subjects(*, tenant: Tenant, contact_ids: Sequence[int], today: date) -> list[Subject]:
    """Query: what these contacts may get keys for under the system in force; one statement for each 10,000 of them.

    Under the Contact system they are their own subjects, whoever they are. Under the others a contact without a published
    link belongs to no household and to no student, and is absent.
    """
    kind = parent_kind(tenant)
    if kind == CONTACT:
        return of_contacts(contact_ids)
    links = DirectoryAssociation.objects.for_tenant(tenant).links(today=today)
    return _subjects(kind, links.filter(contact_id__among=contact_ids).order_by("contact__sort_name", "contact_id"))


def subjects_of(*, tenant: Tenant, kind: str, ids: Collection[int], today: date) -> list[Subject]:
    """Query: the subjects of these households, or students, one for each adult who is linked there; sorted by the adult's name."""
    links = DirectoryAssociation.objects.for_tenant(tenant).links(today=today)
    mine = links.filter(**{f"{SUBJECT_COLUMN[kind]}__among": ids})
    return _subjects(kind, mine.order_by("contact__sort_name", "contact_id", "student_id"))


def belongs_to(pair: DirectoryAssociation, subject: Subject) -> bool:
    """Is this association one of those that the key of an adult's subject is about? Whether it is a link is another question."""
    return pair.contact_id == subject.addressee and getattr(pair, SUBJECT_COLUMN[subject.kind]) == subject.id


def students_by_subject(
    *, tenant: Tenant, subjects: Collection[Subject], today: date, school_ids: Collection[int] | None = None
) -> dict[Subject, list[DirectoryStudent]]:
    """Query: whom the key of each subject opens, sorted by name; subjects that open nobody are absent. Two statements.

    school_ids: students of these schools alone, None for all.
    """
    found: dict[Subject, list[DirectoryStudent]] = {}
    of_adults: dict[int, list[Subject]] = {}
    for subject in subjects:
        if subject.kind != STUDENT_SELF:
            of_adults.setdefault(subject.addressee, []).append(subject)
    links = DirectoryAssociation.objects.for_tenant(tenant).links(today=today).filter(contact_id__among=of_adults)
    links = links.at_schools(school_ids).select_related("student__school", "student__second_school")
    for link in links.order_by("student__sort_name", "student_id"):
        for subject in of_adults[link.contact_id]:
            if belongs_to(link, subject):
                found.setdefault(subject, []).append(link.student)
    themselves = {subject.id: subject for subject in subjects if subject.kind == STUDENT_SELF}
    if themselves:
        students = DirectoryStudent.objects.for_tenant(tenant).at_schools(school_ids)
        students = students.filter(pk__among=themselves, is_active=True)
        for student in students.select_related("school", "second_school"):
            found[themselves[student.pk]] = [student]
    return found


def _subjects(kind: str, links: "Iterable[DirectoryAssociation]") -> list[Subject]:
    pairs = links.values_list(SUBJECT_COLUMN[kind], "contact_id")  # type: ignore[attr-defined]
    return list(dict.fromkeys(Subject(kind, pk, contact_id) for pk, contact_id in pairs if pk is not None))
