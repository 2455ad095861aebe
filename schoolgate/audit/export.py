"""That a list was taken out of the house is itself an entry (R-CK-17, R-AU-01)."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from schoolgate.audit.actor import Actor
from schoolgate.audit.record import record


@transaction.atomic(durable=True)
def note_export(
    *, tenant_id: int, what: str, filters: Mapping[str, object], rows: int, by: Actor, at: datetime
) -> None:
    """Before the list goes out. what: which list, such as "audit". filters: as chosen, without search words (names)."""
    detail = {"what": what, "filters": {name: value for name, value in filters.items() if value}, "rows": rows}
    record("export.made", tenant_id=tenant_id, by=by, at=at, subjects=[], detail=detail)
