"""What waits for a Data Sync among the students of these contacts, as Data Sync tells it (R-CK-01, R-CK-04)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from django.utils import timezone

from schoolgate.sync.pending import contacts_with_pending_links, count_new_contacts, pending_by_contact
from schoolgate.tenancy.models import Tenant


@dataclass(frozen=True)
class AddedStudent:
    """A student whom a contact will see from the next sync on."""

    name: str
    school_id: int


@dataclass(frozen=True)
class PendingStudents:
    """Of the contacts asked for: students to be added and removed by the next sync."""

    added_by_contact: Mapping[int, tuple[AddedStudent, ...]] = field(default_factory=dict)
    removed_by_contact: Mapping[int, frozenset[int]] = field(default_factory=dict)


def pending_students(*, tenant: Tenant, contact_ids: Collection[int]) -> PendingStudents:
    """The pending marks of these contacts' students; one query."""
    found = pending_by_contact(tenant=tenant, contact_ids=contact_ids, today=timezone.localdate())
    return PendingStudents(
        added_by_contact={
            contact_id: tuple(AddedStudent(link.student_name, link.school_id) for link in links if link.opens)
            for contact_id, links in found.items()
        },
        removed_by_contact={
            contact_id: frozenset(link.student_id for link in links if not link.opens)
            for contact_id, links in found.items()
        },
    )


def pending_contact_ids(*, tenant: Tenant) -> frozenset[int]:
    """Contacts with a change of their students that waits."""
    return contacts_with_pending_links(tenant=tenant, today=timezone.localdate())


def count_unpublished(*, tenant: Tenant) -> int:
    """PARENT contacts that no sync has published yet."""
    return count_new_contacts(tenant=tenant, today=timezone.localdate())
