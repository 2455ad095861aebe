"""Whom the working copy knows of one source, for files that name people they don't list."""

from functools import cached_property

from schoolgate.enrolments.models import Contact, Student
from schoolgate.tenancy.models import Tenant


class KnownPeople:
    """The people of one source as the working copy has them; read once, and only if a file names somebody it doesn't list."""

    def __init__(self, tenant: Tenant, source: str) -> None:
        self._tenant = tenant
        self._source = source

    @cached_property
    def _students(self) -> frozenset[str]:
        found = Student.objects.for_tenant(self._tenant).filter(source=self._source)
        return frozenset(found.values_list("source_id", flat=True))

    @cached_property
    def _contacts(self) -> frozenset[str]:
        found = Contact.objects.for_tenant(self._tenant).filter(source=self._source)
        return frozenset(found.values_list("source_id", flat=True))

    def has_student(self, source_id: str) -> bool:
        """Was a student of this id imported before?"""
        return source_id in self._students

    def has_contact(self, source_id: str) -> bool:
        """Was a contact of this id imported before?"""
        return source_id in self._contacts
