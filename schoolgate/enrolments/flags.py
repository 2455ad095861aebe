"""Write the one flag of an association: Has Portal Access, Receives Portal Access (R-PA-01)."""

from collections.abc import Collection
from datetime import datetime

from schoolgate.audit.actor import Actor
from schoolgate.enrolments.models import Association, How
from schoolgate.tenancy.models import Tenant


def write_flags(
    *,
    tenant: Tenant,
    association_ids: Collection[int],
    on: bool,
    how: How,
    by: Actor,
    at: datetime,
    changed_no: int,
) -> int:
    """Step: set the flag of these associations where it differs; the number that changed. changed_no: from tick."""
    return (
        Association.objects.for_tenant(tenant)
        .filter(pk__in=association_ids, ended_at=None)
        .exclude(receives_portal_access=on)
        .update(
            receives_portal_access=on,
            flag_how=how,
            flag_at=at,
            flag_by_id=by.user_id,
            changed_no=changed_no,
            changed_at=at,
            changed_how=how,
            changed_by_id=by.user_id,
        )
    )
