"""What waits for a Data Sync among the students of these contacts, as Data Sync tells it (R-CK-01, R-CK-04)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

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
    """The pending marks of these contacts' students."""
    return PendingStudents()


def pending_contact_ids(*, tenant: Tenant) -> frozenset[int]:
    """Published contacts with a change of their students that waits."""
    return frozenset()


def count_unpublished(*, tenant: Tenant) -> int:
    """Contacts that no sync has published yet."""
    return 0
