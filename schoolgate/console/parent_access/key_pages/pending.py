"""What waits for a Data Sync among the students of these contacts, as Data Sync tells it (R-CK-01, R-CK-04)."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from django.core.cache import cache

from schoolgate.console.parent_access.key_pages.counts import COUNTS_MAY_BE_OLD_SECONDS
from schoolgate.console.parent_access.key_pages.scope import Scope
from schoolgate.sync.pending import contacts_with_pending_links, count_new_contacts, pending_by_contact


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


def pending_contact_ids(scope: Scope) -> frozenset[int]:
    """Query: contacts with a change of their students that waits."""
    return contacts_with_pending_links(tenant=scope.tenant, today=scope.today)


def count_unpublished(scope: Scope) -> int:
    """Query: PARENT contacts that no sync has published yet; at most five seconds old. Told to members of all schools only."""
    if scope.schools is not None:
        return 0
    key = f"contact_keys:unpublished:{scope.tenant.pk}"
    found: int | None = cache.get(key)
    if found is None:
        found = count_new_contacts(tenant=scope.tenant, today=scope.today)
        cache.set(key, found, COUNTS_MAY_BE_OLD_SECONDS)
    return found
