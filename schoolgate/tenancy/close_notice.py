"""Somebody of the office has dealt with a notice."""

from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record
from schoolgate.tenancy.models import OfficeNotice


@transaction.atomic(durable=True)
def close_notice(*, notice: OfficeNotice, by: Actor, at: datetime) -> None:
    """Closing it twice is no matter."""
    if OfficeNotice.objects.filter(pk=notice.pk, closed_at=None).update(closed_at=at, closed_by_id=by.user_id):
        about = [("notice", notice.pk), *((kind, id_) for kind, id_ in notice.subjects)]
        record("notice.closed", tenant_id=notice.tenant_id, by=by, at=at, subjects=about, detail={"kind": notice.kind})
