"""Record that a contact is barred from students.

It is a step, since it never stands alone: sync/restrict.py saves the restriction and withdraws the links in one
transaction, so that families lose sight at the next request (R-PA-09, R-RX-02).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from schoolgate.audit.actor import Actor
from schoolgate.enrolments.errors import EnrolmentRefused
from schoolgate.enrolments.flags import write_flags
from schoolgate.enrolments.models import Association, Contact, How, Restriction, RestrictionKind, Student
from schoolgate.enrolments.notes import seal_note
from schoolgate.tenancy.dates import day_of
from schoolgate.tenancy.models import Tenant


@dataclass(frozen=True)
class RestrictionTerms:
    """What an order says. In force from 00:00 of starts_on to the end of ends_on (None: open), in the school's time zone.

    note: for the office alone; sealed at rest. review_on: when the office looks at it again.
    """

    kind: RestrictionKind = RestrictionKind.NO_ACCESS_NO_MAIL
    starts_on: date | None = None  # None: the day it is recorded.
    ends_on: date | None = None
    note: str = ""
    review_on: date | None = None

    @property
    def enforces(self) -> bool:
        """A note alone bars nobody."""
        return self.kind != RestrictionKind.NOTE_ONLY


def save_restriction(
    *,
    tenant: Tenant,
    student_ids: Collection[int],
    contact_id: int,
    terms: RestrictionTerms,
    by: Actor,
    at: datetime,
    changed_no: int,
    source: str = "office",
) -> list[Restriction]:
    """Step: one restriction for each student; flags of pairs that are barred from today turn off, pending (R-RX-04).

    changed_no: from enrolments.clock.tick, in this transaction. Other students of the contact stay as they are (R-RX-03).
    The caller writes the audit: "restriction.made" with the students, the contact and the restrictions as subjects.
    Raises EnrolmentRefused for people of another tenant and for an end before the start.
    """
    today = day_of(tenant, at)
    starts_on = terms.starts_on or today
    wanted = set(student_ids)
    students = Student.objects.for_tenant(tenant).filter(pk__in=wanted)
    if (
        not wanted
        or students.count() != len(wanted)
        or not Contact.objects.for_tenant(tenant).filter(pk=contact_id).exists()
    ):
        raise EnrolmentRefused("There is no such student or contact.", code="enrolment.unknown")
    if terms.ends_on is not None and terms.ends_on < starts_on:
        raise EnrolmentRefused(
            "The end is before the start.", fix="Enter an end on or after the start.", field="ends_on"
        )
    made = Restriction.objects.bulk_create(
        Restriction(
            tenant=tenant,
            source=source,
            student_id=student_id,
            contact_id=contact_id,
            kind=terms.kind,
            starts_on=starts_on,
            ends_on=terms.ends_on,
            note_sealed=seal_note(terms.note, tenant_id=tenant.pk, student_id=student_id, contact_id=contact_id),
            review_on=terms.review_on,
            recorded_at=at,
            recorded_by_id=by.user_id,
            recorded_how=How.HAND,
            changed_no=changed_no,
        )
        for student_id in sorted(wanted)
    )
    if terms.enforces and starts_on <= today:
        pairs = Association.objects.for_tenant(tenant).filter(contact_id=contact_id, student_id__in=wanted)
        ids = list(pairs.values_list("pk", flat=True))
        write_flags(tenant=tenant, association_ids=ids, on=False, how=How.HAND, by=by, at=at, changed_no=changed_no)
    return made
