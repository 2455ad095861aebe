"""Change how a contact belongs to a student; the flag has its own act (set_access.py)."""

from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.enrolments.clock import tick
from schoolgate.enrolments.models import Association, How


@dataclass(frozen=True, kw_only=True)
class AssociationFields:
    """None in the yes/no fields: not stated."""

    relationship: str
    order: int | None
    lives_with: bool | None
    is_emergency: bool | None
    is_legal_guardian: bool | None


@transaction.atomic(durable=True)
def edit_association(*, association: Association, fields: AssociationFields, by: Actor, at: datetime) -> list[str]:
    """The names of the columns that changed."""
    columns = asdict(fields) | {"relationship": fields.relationship.strip()}
    changed = [name for name, value in columns.items() if getattr(association, name) != value]
    if not changed:
        return []
    Association.objects.filter(pk=association.pk).update(
        **{name: columns[name] for name in changed},
        changed_no=tick(tenant=association.tenant),
        changed_at=at,
        changed_how=How.HAND,
        changed_by_id=by.user_id,
    )
    about = [("student", association.student_id), ("contact", association.contact_id)]
    record(
        "association.edited",
        tenant_id=association.tenant_id,
        by=by,
        at=at,
        subjects=about,
        detail={"fields": changed},
    )
    return changed
