"""Which student and contact share a household, and what becomes of an association when that changes (R-PA-06)."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from schoolgate.audit.actor import Actor
from schoolgate.enrolments.models import Association, Basis, HouseholdMember, How
from schoolgate.tenancy.models import Tenant

Pair = tuple[int, int]  # (student id, contact id)


def shared_households(*, tenant: Tenant, pairs: Collection[Pair]) -> dict[Pair, int]:
    """Query: for each pair that shares a household, one such household's id (the oldest). Two statements."""
    members = HouseholdMember.objects.for_tenant(tenant).filter(ended_at=None)
    homes_of_student: dict[int, set[int]] = {}
    for student_id, home in members.filter(student_id__in={pair[0] for pair in pairs}).values_list(
        "student_id", "household_id"
    ):
        homes_of_student.setdefault(student_id or 0, set()).add(home)
    homes_of_contact: dict[int, set[int]] = {}
    for contact_id, home in members.filter(contact_id__in={pair[1] for pair in pairs}).values_list(
        "contact_id", "household_id"
    ):
        homes_of_contact.setdefault(contact_id or 0, set()).add(home)
    found = {}
    for student_id, contact_id in pairs:
        both = homes_of_student.get(student_id, set()) & homes_of_contact.get(contact_id, set())
        if both:
            found[student_id, contact_id] = min(both)
    return found


def end_or_move(
    associations: Iterable[Association], *, shared: Mapping[Pair, int], by: Actor, at: datetime, changed_no: int
) -> None:
    """Step: each association goes on by the household that the pair shares, its flag as it is; without one it ends, flag off."""
    for association in associations:
        home = shared.get((association.student_id, association.contact_id))
        if home is not None:
            association.basis, association.household_id = Basis.HOUSEHOLD, home
        else:
            association.ended_at = at
            if association.receives_portal_access:
                association.receives_portal_access = False
                association.flag_how, association.flag_at, association.flag_by_id = How.HAND, at, by.user_id
        association.changed_no, association.changed_at = changed_no, at
        association.changed_how, association.changed_by_id = How.HAND, by.user_id
        association.save()
