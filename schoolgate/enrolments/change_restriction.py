"""Correct what a restriction says beside its kind: its end, its review date, its note."""

from datetime import date, datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.errors import EnrolmentRefused
from schoolgate.enrolments.models import Restriction
from schoolgate.enrolments.notes import seal_note


@transaction.atomic(durable=True)
def change_restriction(
    *,
    restriction: Restriction,
    ends_on: date | None,
    review_on: date | None,
    note: str | None,
    reason: str,
    by: Actor,
    at: datetime,
) -> None:
    """Note None: as it is. The pair stays closed in any case, until somebody lifts or reviews it (R-RX-04).

    Raises EnrolmentRefused for an end before the start, and for an earlier end without a reason.
    """
    if ends_on is not None and ends_on < restriction.starts_on:
        raise EnrolmentRefused("The end is before the start.", field="ends_on")
    earlier = ends_on is not None and (restriction.ends_on is None or ends_on < restriction.ends_on)
    if earlier and not reason.strip():
        raise EnrolmentRefused("Say why it ends earlier.", field="reason")
    columns: dict[str, object] = {"ends_on": ends_on, "review_on": review_on}
    changed = [name for name, value in columns.items() if getattr(restriction, name) != value]
    if note is not None:
        place = {"student_id": restriction.student_id, "contact_id": restriction.contact_id}
        columns["note_sealed"] = seal_note(note, tenant_id=restriction.tenant_id, **place)
        changed.append("note")
    if not changed:
        return
    columns["changed_no"] = tick(tenant=restriction.tenant)
    if not Restriction.objects.filter(pk=restriction.pk, lifted_at=None, reviewed_at=None).update(**columns):
        raise EnrolmentRefused("This restriction has been lifted or reviewed meanwhile.")
    about = subjects_of(restriction)
    detail = {"fields": changed, "before": {"ends_on": restriction.ends_on}, "after": {"ends_on": ends_on}}
    record(
        "restriction.changed",
        tenant_id=restriction.tenant_id,
        by=by,
        at=at,
        subjects=about,
        detail=detail,
        reason=reason,
    )


def subjects_of(restriction: Restriction) -> list[tuple[str, int]]:
    """Whom an audit entry about a restriction is about."""
    return [
        ("restriction", restriction.pk),
        ("student", restriction.student_id),
        ("contact", restriction.contact_id),
    ]
