"""Whom the address of the Explain page is about: chosen by id, or found by words."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from schoolgate.console.lists import number_in, words_in
from schoolgate.enrolments.models import Contact, Student
from schoolgate.enrolments.queries import contact_by_id, find_contacts, find_students, student_by_id
from schoolgate.tenancy.http import TenantRequest
from schoolgate.tenancy.roles import Right

Person = TypeVar("Person", Student, Contact)
MOST = 10  # Matches shown; who needs more types more.


@dataclass(frozen=True)
class Chosen(Generic[Person]):
    """person: the one that is meant, None while it isn't clear. words: as typed; matches: who they may mean."""

    person: Person | None
    words: str
    matches: list[Person]


def student_chosen(request: TenantRequest) -> Chosen[Student]:
    """?student=ID, or the words ?s=…: one match is taken at once. Raises NotFound for a student out of reach."""
    reach, id_ = request.rights[Right.ENROLMENTS_READ], number_in(request, "student")
    if id_ is not None:
        return Chosen(student_by_id(tenant=request.tenant, student_id=id_, school_ids=reach), "", [])
    words = words_in(request, "s")
    found = find_students(tenant=request.tenant, words=words, school_ids=reach)[:MOST] if words else []
    return _chosen(words, list(found))


def contact_chosen(request: TenantRequest) -> Chosen[Contact]:
    """?contact=ID, or the words ?c=…: one match is taken at once. Raises NotFound for a contact out of reach."""
    reach, id_ = request.rights[Right.ENROLMENTS_READ], number_in(request, "contact")
    if id_ is not None:
        return Chosen(contact_by_id(tenant=request.tenant, contact_id=id_, school_ids=reach), "", [])
    words = words_in(request, "c")
    found = find_contacts(tenant=request.tenant, words=words, school_ids=reach)[:MOST] if words else []
    return _chosen(words, list(found))


def _chosen(words: str, matches: list[Person]) -> Chosen[Person]:
    return Chosen(matches[0] if len(matches) == 1 else None, words, matches)
