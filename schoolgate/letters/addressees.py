"""Whom letters and mails with keys are written to: contacts, and students with keys of their own; the same facts of both."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from schoolgate.directory.models import DirectoryContact, DirectoryStudent
from schoolgate.jobs.subject import Subject
from schoolgate.keys.subjects import STUDENT_SELF
from schoolgate.tenancy.models import Tenant

KEY, STUDENT_KEY = "key", "student_key"
"""Kinds of templates and messages: a key for a parent, and one for student use."""


class Whom(NamedTuple):
    """A person of the directory. Contacts and students have ids of their own each."""

    is_student: bool
    id: int


def whom(subject: Subject) -> Whom:
    """Who opens the envelope."""
    return Whom(subject.kind == STUDENT_SELF, subject.addressee)


def kind_of(subject: Subject) -> str:
    """Which text its letter and its mail are made from."""
    return STUDENT_KEY if subject.kind == STUDENT_SELF else KEY


@dataclass(frozen=True)
class Addressee:
    """A person as letters and mails know them.

    number: the Contact ID or Student Id. lines: what stands in the window; a contact's name and postal address, empty without
    a street or a town; of a student name, class and school, since such letters are handed over. email: empty where none can
    be used.
    """

    whom: Whom
    number: str
    name: str
    title: str
    family_name: str
    lines: tuple[str, ...]
    email: str
    is_active: bool
    class_name: str = ""
    school: str = ""

    @property
    def has_address(self) -> bool:
        """Can it be posted, or, for a student, given out in class? (R-CK-09)"""
        return bool(self.lines)


def addressees_of(*, tenant: Tenant, subjects: Collection[Subject]) -> dict[Whom, Addressee]:
    """Query: the people behind these subjects, whoever of them is in the directory; two statements at most."""
    wanted = {whom(subject) for subject in subjects}
    contact_ids = [each.id for each in wanted if not each.is_student]
    student_ids = [each.id for each in wanted if each.is_student]
    found: dict[Whom, Addressee] = {}
    if contact_ids:
        for contact in DirectoryContact.objects.for_tenant(tenant).filter(pk__among=contact_ids):
            found[Whom(False, contact.pk)] = of_contact(contact)
    if student_ids:
        students = DirectoryStudent.objects.for_tenant(tenant).filter(pk__among=student_ids)
        for student in students.select_related("school"):
            found[Whom(True, student.pk)] = of_student(student)
    return found


def of_contact(contact: DirectoryContact) -> Addressee:
    return Addressee(
        Whom(False, contact.pk),
        contact.contact_no,
        contact.shown_name,
        contact.title,
        contact.family_name,
        postal_address(contact),
        contact.email if contact.email_usable else "",
        contact.is_active,
    )


def of_student(student: DirectoryStudent) -> Addressee:
    """A student's address is the one that the school itself has issued, and no other (registration-keys §3)."""
    class_name = student.roll_class or student.year_level
    return Addressee(
        Whom(True, student.pk),
        student.student_no,
        student.shown_name,
        "",
        student.family_name,
        tuple(filter(None, [student.shown_name, class_name, student.school.name])),
        student.email if _is_email(student.email) else "",
        student.is_active,
        class_name,
        student.school.name,
    )


def postal_address(contact: DirectoryContact) -> tuple[str, ...]:
    """Name and lines for the window; empty without a street or a town (R-CK-09, R-PA-10)."""
    town = " ".join(filter(None, [contact.town, contact.region, contact.postcode]))
    lines = [contact.address_1, contact.address_2, town]
    if not contact.address_1 or not town:
        return ()
    return (contact.shown_name, *filter(None, lines))


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
