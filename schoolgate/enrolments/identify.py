"""Find a person by the id that their source gave: what commands and files name people by."""

from typing import TypeVar

from django.db.models import QuerySet

from schoolgate.enrolments.models import Contact, Enrolled, Student
from schoolgate.lib.errors import SchoolgateError
from schoolgate.tenancy.models import Tenant

Person = TypeVar("Person", bound=Enrolled)


class PersonUnknown(SchoolgateError):
    """code: student.unknown, contact.unknown."""

    status = 404


class PersonAmbiguous(SchoolgateError):
    """Two sources use the same id. code: student.ambiguous, contact.ambiguous."""

    status = 409


def student_named(*, tenant: Tenant, id_: str) -> Student:
    """The student with this source id, exactly as it came; SOURCE:ID where two sources use it. Raises PersonUnknown, PersonAmbiguous."""
    return _named(Student.objects.for_tenant(tenant), "student", id_=id_)


def contact_named(*, tenant: Tenant, id_: str) -> Contact:
    """The contact with this source id, exactly as it came; SOURCE:ID where two sources use it. Raises PersonUnknown, PersonAmbiguous."""
    return _named(Contact.objects.for_tenant(tenant), "contact", id_=id_)


def _named(people: QuerySet[Person], word: str, *, id_: str) -> Person:
    found = list(people.filter(source_id=id_).order_by("source")[:10])
    source, sign, rest = id_.partition(":")
    if not found and sign:
        found = list(people.filter(source=source, source_id=rest)[:1])
    if not found:
        raise PersonUnknown(
            f"There is no {word} with the id {id_!r}.",
            fix="Give the id of the student system, exactly as it is there.",
            code=f"{word}.unknown",
        )
    if len(found) > 1:
        sources = [person.source for person in found]
        raise PersonAmbiguous(
            f"The id {id_!r} is a {word} of several sources: {', '.join(sources)}.",
            fix=f"Say which: {sources[0]}:{id_}.",
            code=f"{word}.ambiguous",
        )
    return found[0]
