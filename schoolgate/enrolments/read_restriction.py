"""Open the note of a restriction, which is in the audit (R-AU-01)."""

from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.enrolments.change_restriction import subjects_of
from schoolgate.enrolments.models import Restriction
from schoolgate.enrolments.notes import open_note


@transaction.atomic(durable=True)
def read_note(*, restriction: Restriction, by: Actor, at: datetime) -> str:
    """The note; empty where there is none. The entry names who read it, never what it says."""
    note = open_note(
        restriction.note_sealed,
        tenant_id=restriction.tenant_id,
        student_id=restriction.student_id,
        contact_id=restriction.contact_id,
    )
    about = subjects_of(restriction)
    record("restriction.read", tenant_id=restriction.tenant_id, by=by, at=at, subjects=about)
    return note
