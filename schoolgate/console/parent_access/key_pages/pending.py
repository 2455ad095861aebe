"""What waits for a Data Sync among the rows of the list, as Data Sync tells it (R-CK-01, R-CK-04)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.core.cache import cache

from schoolgate.console.parent_access.key_pages.counts import COUNTS_MAY_BE_OLD_SECONDS
from schoolgate.console.parent_access.key_pages.scope import Scope
from schoolgate.sync.pending import (
    PendingLink,
    contacts_with_pending_links,
    count_new_contacts,
    count_new_households,
    count_new_students,
    households_with_pending_links,
    pending_by_contact,
    pending_by_household,
    pending_by_student,
    students_with_pending_links,
)
from schoolgate.tenancy.models import KeySystem


@dataclass(frozen=True)
class AddedStudent:
    """A student whom a contact will see from the next sync on."""

    name: str
    school_ids: frozenset[int]


@dataclass(frozen=True)
class PendingStudents:
    """Of the contacts asked for: students to be added and removed by the next sync."""

    added_by_contact: Mapping[int, tuple[AddedStudent, ...]] = field(default_factory=dict)
    removed_by_contact: Mapping[int, frozenset[int]] = field(default_factory=dict)


def pending_students(scope: Scope, contact_ids: Collection[int]) -> PendingStudents:
    """Query: the pending marks of these contacts' students."""
    if not contact_ids:
        return PendingStudents()
    added: dict[int, list[AddedStudent]] = defaultdict(list)
    removed: dict[int, set[int]] = defaultdict(set)
    found = pending_by_contact(tenant=scope.tenant, contact_ids=contact_ids, today=scope.today)
    for contact_id, links in found.items():
        for link in links:
            if link.opens:
                added[contact_id].append(AddedStudent(link.student_name, link.school_ids))
            else:
                removed[contact_id].add(link.student_id)
    return PendingStudents(
        {contact_id: tuple(students) for contact_id, students in added.items()},
        {contact_id: frozenset(students) for contact_id, students in removed.items()},
    )


def pending_links(scope: Scope, row_ids: Collection[int]) -> Mapping[int, Sequence[PendingLink]]:
    """Query: of households or students, what the next sync opens and closes there, by row; students the member sees alone."""
    if not row_ids:
        return {}
    if scope.scheme.system == KeySystem.FAMILY:
        found = pending_by_household(tenant=scope.tenant, household_ids=row_ids, today=scope.today)
    else:
        found = pending_by_student(tenant=scope.tenant, student_ids=row_ids, today=scope.today)
    if scope.schools is None:
        return found
    return {pk: [link for link in links if scope.schools & link.school_ids] for pk, links in found.items()}


def pending_row_ids(scope: Scope) -> frozenset[int]:
    """Query: rows with a change of whom they see, or who sees them, that waits; by the students whom the member sees alone."""
    ask = {
        KeySystem.CONTACT.value: contacts_with_pending_links,
        KeySystem.FAMILY.value: households_with_pending_links,
        KeySystem.STUDENT.value: students_with_pending_links,
    }[scope.scheme.system]
    return ask(tenant=scope.tenant, today=scope.today, school_ids=scope.schools)


def count_unpublished(scope: Scope) -> int:
    """Query: rows that no sync has published yet; at most five seconds old. Told to members of all schools only."""
    if scope.schools is not None:
        return 0
    count = {
        KeySystem.CONTACT.value: count_new_contacts,
        KeySystem.FAMILY.value: count_new_households,
        KeySystem.STUDENT.value: count_new_students,
    }[scope.scheme.system]
    key = f"{scope.scheme.namespace}:unpublished:{scope.tenant.pk}"
    found: int | None = cache.get(key)
    if found is None:
        found = count(tenant=scope.tenant, today=scope.today)
        cache.set(key, found, COUNTS_MAY_BE_OLD_SECONDS)
    return found
